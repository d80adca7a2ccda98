# The compiler, its warnings and the sanitizers: the same for every target.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "GCC ${CMAKE_CXX_COMPILER_VERSION} miscompiles ordinary co_await statements (double frees). "
    "Use clang 14 or newer (cmake --preset release does), or GCC 13 or newer.")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# Assertions stay on in every build: a broken invariant must never go on to touch data.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Wno-sign-conversion)
  find_program(MOLD_PROGRAM mold)
  if(MOLD_PROGRAM)
    add_link_options(-fuse-ld=mold)
  endif()
else()
  add_compile_options(-Wno-sign-conversion)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

# Fewer for a build of the simulation alone: see docs/promises.md.
set(MYDHT_PARTITION_BITS "14" CACHE STRING "the ring has two to the power of so many partitions")
if(NOT MYDHT_PARTITION_BITS EQUAL 14)
  add_compile_definitions(MYDHT_PARTITION_BITS=${MYDHT_PARTITION_BITS})
endif()

# address = ASan and UBSan together, thread = TSan, fuzzer = libFuzzer's coverage with ASan and UBSan.
# -fsanitize=function is left out: clang 14 cannot compile split coroutines with it.
set(MYDHT_SANITIZE "" CACHE STRING "address, thread, fuzzer or nothing")
if(MYDHT_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=function -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(MYDHT_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(MYDHT_SANITIZE STREQUAL "fuzzer")
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(NOT MYDHT_SANITIZE STREQUAL "")
  message(FATAL_ERROR "MYDHT_SANITIZE is address, thread, fuzzer or nothing, not '${MYDHT_SANITIZE}'")
endif()
