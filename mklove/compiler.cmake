# SPDX-License-Identifier: BSD-2-Clause
# Compiler and linker flags: target `milena_flags`, linked by everything that is compiled here.
include(CheckCCompilerFlag)

# Asserts of the library (RK_ASSERT) stay in every build, so no build type defines NDEBUG.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_MINSIZEREL "-Os")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(milena_flags INTERFACE)
target_compile_definitions(milena_flags INTERFACE _GNU_SOURCE)
target_compile_options(
  milena_flags
  INTERFACE -Wall
            -Wextra
            -Wshadow
            -Wstrict-prototypes
            -Wmissing-prototypes
            -Wswitch-enum
            -Wvla
            -fvisibility=hidden
            -ffunction-sections
            -fdata-sections)
target_link_libraries(milena_flags INTERFACE Threads::Threads)
if(WERROR)
  target_compile_options(milena_flags INTERFACE -Werror)
endif()
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
  # Thread roles and locks are declared on prototypes and checked here. Clang 14 knows
  # -fno-semantic-interposition as its default.
  target_compile_options(milena_flags INTERFACE -Wthread-safety)
else()
  target_compile_options(milena_flags INTERFACE -fno-semantic-interposition)
endif()

# Thread-local variables are few and small: they fit into what the C library keeps for libraries
# that are loaded late, and reading one costs no call.
target_compile_options(milena_flags INTERFACE -ftls-model=initial-exec -fno-plt)

# GCC clears structures of 64 bytes and more with `rep stos`, which takes longer than the rest of
# some calls: producev() with a header is 5 % faster without.
set(clear_flag "-mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign")
check_c_compiler_flag("${clear_flag}" MILENA_HAS_MEMSET_STRATEGY)
if(MILENA_HAS_MEMSET_STRATEGY)
  target_compile_options(milena_flags INTERFACE "${clear_flag}")
endif()

if(SANITIZE STREQUAL "address")
  set(sanitize_flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(SANITIZE STREQUAL "thread")
  set(sanitize_flags -fsanitize=thread -fno-omit-frame-pointer)
elseif(NOT SANITIZE STREQUAL "")
  message(FATAL_ERROR "SANITIZE is '${SANITIZE}': it can be address, thread or nothing")
endif()
if(FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "FUZZ needs clang: -DCMAKE_C_COMPILER=clang")
  endif()
  target_compile_options(milena_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(milena_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(sanitize_flags OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  # The checks that are too dear for every build: ranks of locks, invariants.
  target_compile_definitions(milena_flags INTERFACE RK_DEBUG)
endif()
if(sanitize_flags)
  target_compile_options(milena_flags INTERFACE ${sanitize_flags})
  target_link_options(milena_flags INTERFACE ${sanitize_flags})
endif()

# Link-time optimisation of the shared library: produce() and poll() cross five files each. The
# objects hold machine code too, for the tests and for librdkafka.a.
set(MILENA_LTO OFF)
if(WITH_LTO AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT sanitize_flags AND NOT FUZZ
   AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(MILENA_LTO ON)
endif()
