# One static library a folder: mydht_folder(NAME [folders and libraries that it uses]).
# The library holds every .cpp of the folder; a folder of headers alone becomes an interface library.
# Every header must stand alone: the target all_verify_interface_header_sets compiles each by itself.
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)

function(mydht_folder name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.S)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(${name} ${scope} FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${headers})
  target_include_directories(${name} ${scope} ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} ${scope} ${ARGN})
endfunction()

# Labels say where a test runs (see run-tests): everywhere in the release build, and
#   slow       not in `./run-tests quick` (all others carry the label quick)
#   sanitize   also with ASan and UBSan
#   thread     also with TSan
# MYDHT_TEST_LABELS holds the labels of a test that does not say otherwise; folders below inherit it.
foreach(label sanitize thread)
  add_custom_target(label_${label})  # builds every test program with that label, for the builds with sanitizers
endforeach()

# mydht_labels(NAME [labels]): gives a test exactly these labels instead of the ones that its folder has.
# To be called in the folder that added the test; behind add_test(), for a test that is not a GoogleTest program too.
function(mydht_labels name)
  set(labels ${ARGN})
  if(NOT "slow" IN_LIST labels AND NOT "quick" IN_LIST labels)
    list(APPEND labels quick)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}")
  foreach(label sanitize thread)
    if(TARGET ${name} AND ${label} IN_LIST labels)
      add_dependencies(label_${label} ${name})
    endif()
  endforeach()
endfunction()

# mydht_test(NAME [libraries]): one GoogleTest program of every .cpp in the folder, registered with ctest as NAME.
function(mydht_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARGN} GTest::gmock GTest::gtest_main rapidcheck Threads::Threads)
  add_test(NAME ${name} COMMAND ${name})
  mydht_labels(${name} ${MYDHT_TEST_LABELS})
endfunction()
