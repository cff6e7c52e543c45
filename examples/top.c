/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows a running client live in the terminal: brokers, partitions, rates, latencies, reasons.
 *
 *   top [options] <bootstrap servers> <topic>
 *   top -d
 *
 * Keys: up and down (or j and k) scroll the partitions, t shows those in trouble first or not,
 * space stops and goes on, q quits. Needs ncurses and cJSON.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <ncurses.h>

#include "support/workload.h"

#define MAX_BROKER_ROWS 6
#define STEP_MS         100
#define WIDE_COLUMNS    100 /* From here on there is room for whole names. */

enum color { PLAIN, TITLE, GOOD, BAD, DIM };

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

struct view {
    cJSON *now, *before; /* Statistics; NULL: none yet. */
    int first;           /* Partition row shown at the top. */
    bool is_stopped, trouble_first;
};

/* One line of the table of partitions. */
struct row {
    const char *topic;
    const cJSON *now, *before;
    bool is_trouble;
};

/* Reading statistics */

static void on_statistics(const char *json, void *opaque)
{
    struct view *view = opaque;
    cJSON *statistics = view->is_stopped ? NULL : cJSON_Parse(json);
    if (!statistics)
        return;
    cJSON_Delete(view->before);
    view->before = view->now;
    view->now = statistics;
}

static const cJSON *item_of(const cJSON *object, const char *name)
{
    return object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = item_of(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(item_of(object, name));
    return value ? value : "";
}

static double seconds_between(const struct view *view)
{
    double seconds = (number(view->now, "ts") - number(view->before, "ts")) / 1e6;
    return view->before && seconds > 0 ? seconds : 1;
}

/* Per second, of a counter. */
static double rate(const struct view *view, const cJSON *now, const cJSON *before, const char *name)
{
    if (!before)
        return 0;
    return (number(now, name) - number(before, name)) / seconds_between(view);
}

/* In at most six characters: 999, 12.3k, 4.56M. */
static const char *short_number(double value, char *buffer, size_t size)
{
    static const char units[] = " kMGT";
    int unit = 0;
    while (value >= 1000 && unit < 4) {
        value /= 1000;
        unit++;
    }
    if (unit == 0)
        snprintf(buffer, size, "%.0f", value);
    else
        snprintf(buffer, size, value < 100 ? "%.1f%c" : "%.0f%c", value, units[unit]);
    return buffer;
}

static const char *duration(double microseconds, char *buffer, size_t size)
{
    if (microseconds < 1000)
        snprintf(buffer, size, "%.0fus", microseconds);
    else if (microseconds < 1e6)
        snprintf(buffer, size, "%.1fms", microseconds / 1e3);
    else if (microseconds < 120e6)
        snprintf(buffer, size, "%.1fs", microseconds / 1e6);
    else
        snprintf(buffer, size, "%.0fm", microseconds / 60e6);
    return buffer;
}

/* Drawing */

static void begin(enum color color)
{
    attrset(COLOR_PAIR(color) | (color == BAD || color == TITLE ? A_BOLD : A_NORMAL) |
            (color == DIM ? A_DIM : A_NORMAL));
}

static int broker_width(void)
{
    return COLS < WIDE_COLUMNS ? 20 : 32;
}

static int topic_width(void)
{
    return COLS < WIDE_COLUMNS ? 16 : 28;
}

/* A whole line in the colours of a heading. */
static void draw_heading(int line, const char *heading)
{
    begin(TITLE);
    mvprintw(line, 0, "%-*.*s", COLS, COLS, heading);
    begin(PLAIN);
}

static void draw_bar(int line, int column, int width, double share)
{
    int filled = (int)(share * width + 0.5);
    mvaddch(line, column, '[');
    begin(share > 0.9 ? BAD : GOOD);
    for (int i = 0; i < width; i++)
        addch(i < filled ? '|' : ' ');
    begin(PLAIN);
    addch(']');
}

static void draw_client(const struct view *view)
{
    char a[16], b[16], c[16], d[16], age[16];
    const cJSON *now = view->now, *before = view->before;
    bool is_producer = strcmp(text(now, "type"), "producer") == 0;
    begin(TITLE);
    mvprintw(0, 0, "%-*s", COLS, "");
    mvprintw(0, 0, " %s %s", text(now, "type"), text(now, "name"));
    mvprintw(0, COLS > 30 ? COLS - 24 : 0, "%10s  %s", view->is_stopped ? "STOPPED" : "",
             duration(number(now, "age"), age, sizeof(age)));
    begin(PLAIN);
    mvprintw(1, 0, " %s messages/s %s, %sB/s   requests/s %s out, %s in",
             is_producer ? "sent" : "fetched",
             short_number(rate(view, now, before, is_producer ? "txmsgs" : "rxmsgs"), a, sizeof(a)),
             short_number(rate(view, now, before, is_producer ? "txmsg_bytes" : "rxmsg_bytes"), b,
                          sizeof(b)),
             short_number(rate(view, now, before, "tx"), c, sizeof(c)),
             short_number(rate(view, now, before, "rx"), d, sizeof(d)));
    if (!is_producer)
        return;
    double messages = number(now, "msg_cnt"), most = number(now, "msg_max");
    mvprintw(2, 0, " queue ");
    draw_bar(2, 7, 20, most > 0 ? messages / most : 0);
    printw(" %s of %s messages, %sB", short_number(messages, a, sizeof(a)),
           short_number(most, b, sizeof(b)), short_number(number(now, "msg_size"), c, sizeof(c)));
}

static enum color color_of_state(const char *state)
{
    if (strcmp(state, "UP") == 0)
        return GOOD;
    return strcmp(state, "INIT") == 0 ? DIM : BAD;
}

static void draw_broker(const struct view *view, int line, const cJSON *broker)
{
    char tx[16], out[16], in[16], p50[16], p99[16], age[16];
    const cJSON *before = item_of(item_of(view->before, "brokers"), broker->string);
    const cJSON *rtt = item_of(broker, "rtt");
    mvprintw(line, 0, " %-*.*s ", broker_width(), broker_width(), broker->string);
    begin(color_of_state(text(broker, "state")));
    printw("%-9.9s", text(broker, "state"));
    begin(PLAIN);
    printw("%6s %6s %6s %6s %4.0f %7s %7s", duration(number(broker, "stateage"), age, sizeof(age)),
           short_number(rate(view, broker, before, "tx"), tx, sizeof(tx)),
           short_number(rate(view, broker, before, "txbytes"), out, sizeof(out)),
           short_number(rate(view, broker, before, "rxbytes"), in, sizeof(in)),
           number(broker, "outbuf_cnt") + number(broker, "waitresp_cnt"),
           duration(number(rtt, "p50"), p50, sizeof(p50)),
           duration(number(rtt, "p99"), p99, sizeof(p99)));
}

static int draw_brokers(const struct view *view, int line)
{
    char heading[160];
    const cJSON *broker, *brokers = item_of(view->now, "brokers");
    int count = 0;
    snprintf(heading, sizeof(heading), " %-*s %-9s%6s %6s %6s %6s %4s %7s %7s", broker_width(),
             "BROKER", "STATE", "FOR", "REQ/s", "OUT/s", "IN/s", "WAIT", "RTT p50", "p99");
    draw_heading(line++, heading);
    cJSON_ArrayForEach(broker, brokers)
    {
        if (count++ < MAX_BROKER_ROWS && line < LINES)
            draw_broker(view, line++, broker);
    }
    if (count > MAX_BROKER_ROWS && line < LINES)
        mvprintw(line++, 0, " ... and %d more", count - MAX_BROKER_ROWS);
    return line;
}

static bool is_trouble(const cJSON *partition)
{
    static const char *const fine[] = {"", "nothing", "moving", "lingering", "paused"};
    const char *code = text(partition, "reason_code");
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        if (strcmp(code, fine[i]) == 0)
            return false;
    }
    return true;
}

static int count_rows(const struct view *view)
{
    int count = 0;
    const cJSON *topic;
    cJSON_ArrayForEach(topic, item_of(view->now, "topics"))
    {
        count += cJSON_GetArraySize(item_of(topic, "partitions"));
    }
    return count;
}

/* Those in trouble first, if that is wanted; without -1 while nothing waits for its partition. */
static int collect_rows(const struct view *view, struct row *rows)
{
    int count = 0;
    for (int pass = 0; pass < 2; pass++) {
        const cJSON *topic, *partition;
        cJSON_ArrayForEach(topic, item_of(view->now, "topics"))
        {
            const cJSON *before =
                item_of(item_of(item_of(view->before, "topics"), topic->string), "partitions");
            cJSON_ArrayForEach(partition, item_of(topic, "partitions"))
            {
                bool trouble = is_trouble(partition);
                bool is_empty =
                    number(partition, "partition") < 0 && number(partition, "msgq_cnt") == 0;
                if (is_empty || (trouble && view->trouble_first ? 0 : 1) != pass)
                    continue;
                rows[count++] = (struct row){topic->string, partition,
                                             item_of(before, partition->string), trouble};
            }
        }
    }
    return count;
}

static void draw_partition(const struct view *view, int line, const struct row *row,
                           bool is_producer)
{
    char messages[16], bytes[16], waiting[16], lag[16];
    double behind = number(row->now, is_producer ? "msgs_inflight" : "consumer_lag_stored");
    if (behind < 0) /* Nothing was consumed yet. */
        behind = number(row->now, "consumer_lag");
    mvprintw(line, 0, " %-*.*s %4.0f %4.0f %6s %6s %6s %6s  ", topic_width(), topic_width(),
             row->topic, number(row->now, "partition"), number(row->now, "leader"),
             short_number(rate(view, row->now, row->before, is_producer ? "txmsgs" : "rxmsgs"),
                          messages, sizeof(messages)),
             short_number(rate(view, row->now, row->before, is_producer ? "txbytes" : "rxbytes"),
                          bytes, sizeof(bytes)),
             short_number(number(row->now, is_producer ? "msgq_cnt" : "fetchq_cnt"), waiting,
                          sizeof(waiting)),
             behind < 0 ? "-" : short_number(behind, lag, sizeof(lag)));
    begin(row->is_trouble ? BAD : DIM);
    int column = getcurx(stdscr);
    if (column < COLS)
        printw("%.*s", COLS - column, text(row->now, "reason"));
    begin(PLAIN);
}

static void draw_partitions(struct view *view, int line)
{
    char heading[160];
    bool is_producer = strcmp(text(view->now, "type"), "producer") == 0;
    struct row *rows = calloc((size_t)count_rows(view) + 1, sizeof(*rows));
    int count = rows ? collect_rows(view, rows) : 0;
    int room = LINES - line - 2;
    snprintf(heading, sizeof(heading), " %-*s %4s %4s %6s %6s %6s %6s  %s", topic_width(), "TOPIC",
             "PART", "LEAD", "MSG/s", "B/s", is_producer ? "QUEUED" : "AHEAD",
             is_producer ? "FLIGHT" : "LAG", "WHY");
    if (line < LINES)
        draw_heading(line++, heading);
    view->first = view->first > count - room ? count - room : view->first;
    view->first = view->first < 0 ? 0 : view->first;
    for (int i = 0; i < room && view->first + i < count; i++)
        draw_partition(view, line++, &rows[view->first + i], is_producer);
    free(rows);
}

static void draw(struct view *view)
{
    erase();
    if (!view->now) {
        mvprintw(0, 0, " waiting for the first statistics");
    } else {
        draw_client(view);
        int line = draw_brokers(view, strcmp(text(view->now, "type"), "producer") == 0 ? 4 : 3);
        draw_partitions(view, line + 1);
    }
    begin(DIM);
    mvprintw(LINES - 1, 0, "%.*s", COLS - 1,
             " q quit   up/down scroll   t trouble first   space stop/go on");
    begin(PLAIN);
    refresh();
}

/* False: enough. */
static bool on_key(struct view *view, int key)
{
    if (key == 'q' || key == 'Q')
        return false;
    if (key == KEY_DOWN || key == 'j')
        view->first++;
    else if (key == KEY_UP || key == 'k')
        view->first -= view->first > 0;
    else if (key == 't')
        view->trouble_first = !view->trouble_first;
    else if (key == ' ')
        view->is_stopped = !view->is_stopped;
    return true;
}

static void open_screen(void)
{
    initscr();
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    if (!has_colors())
        return;
    start_color();
    use_default_colors();
    init_pair(PLAIN, -1, -1);
    init_pair(TITLE, COLOR_WHITE, COLOR_BLUE);
    init_pair(GOOD, COLOR_GREEN, -1);
    init_pair(BAD, COLOR_RED, -1);
    init_pair(DIM, COLOR_CYAN, -1);
}

static int usage(void)
{
    fprintf(stderr, "usage: top [options] <bootstrap servers> <topic>\n"
                    "       top -d [options]\n" WORKLOAD_HELP);
    return 2;
}

int main(int argc, char **argv)
{
    struct view view = {.trouble_first = true};
    struct workload workload;
    int option, key;
    setlocale(LC_ALL, "");
    workload_init(&workload, on_statistics, &view);
    while ((option = getopt(argc, argv, WORKLOAD_OPTIONS)) != -1) {
        if (!workload_option(&workload, option, optarg))
            return usage();
    }
    if (!workload_start(&workload, argc - optind, argv + optind))
        return usage();
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    open_screen();
    bool goes_on = true;
    while (goes_on && !stop) {
        draw(&view);
        workload_run(&workload, STEP_MS);
        while (goes_on && (key = getch()) != ERR)
            goes_on = on_key(&view, key);
    }
    endwin();
    workload_stop(&workload);
    cJSON_Delete(view.before);
    cJSON_Delete(view.now);
    return 0;
}
