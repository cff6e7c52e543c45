# SPDX-License-Identifier: BSD-2-Clause
# Programs that write or check files of this tree with the library's own tables:
# mklove/tools/<name>.c becomes tools/<name>.
file(GLOB sources CONFIGURE_DEPENDS mklove/tools/*.c)
foreach(source IN LISTS sources)
  get_filename_component(tool ${source} NAME_WE)
  add_executable(tool_${tool} ${source})
  set_target_properties(
    tool_${tool} PROPERTIES OUTPUT_NAME ${tool} RUNTIME_OUTPUT_DIRECTORY
                                                ${PROJECT_BINARY_DIR}/tools)
  target_include_directories(
    tool_${tool} PRIVATE src ${PROJECT_BINARY_DIR}/generated include/librdkafka)
  target_link_libraries(tool_${tool} PRIVATE rdkafka-static milena_flags milena_dependencies m)
endforeach()
