# What every layer shares: SystemC, warnings, sanitizers, how a library and a test are declared.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(systemc REQUIRED IMPORTED_TARGET systemc)
find_program(CCACHE ccache)
if(CCACHE)
  # Depend mode: a miss costs no extra run of the preprocessor.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_DEPEND=1
                                  CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

# Debian's libsystemc is a C++17 build and checks that its users say the same.
add_library(drydock_systemc INTERFACE)
target_link_libraries(drydock_systemc INTERFACE PkgConfig::systemc)
target_compile_definitions(drydock_systemc INTERFACE SC_CPLUSPLUS=201703L)

add_library(drydock_options INTERFACE)
target_compile_features(drydock_options INTERFACE cxx_std_20)
target_include_directories(drydock_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                     $<INSTALL_INTERFACE:include/drydock>)
# GCC 12 reports -Wrestrict inside its own std::string at -O3 (GCC bug 105329). Clang calls it shadowing when a
# parameter of a nested class is named like a member of the class around it.
target_compile_options(drydock_options INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Wshadow;-Woverloaded-virtual;-Werror;$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>;$<$<CXX_COMPILER_ID:Clang>:-Wno-shadow>>)
if(DRYDOCK_SANITIZE)
  target_compile_options(drydock_options INTERFACE -fsanitize=${DRYDOCK_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all)
  # GCC 12 reports its own std::regex when the sanitizer's checks are in it (GCC bug 105562).
  target_compile_options(drydock_options INTERFACE $<BUILD_INTERFACE:-Wno-maybe-uninitialized>)
  target_link_options(drydock_options INTERFACE -fsanitize=${DRYDOCK_SANITIZE})
endif()
if(DRYDOCK_FUZZ)
  target_compile_options(drydock_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
                                                   -fno-sanitize-recover=all)
  target_link_options(drydock_options INTERFACE -fsanitize=address,undefined)
endif()
if(DRYDOCK_COVERAGE)
  target_compile_options(drydock_options INTERFACE --coverage)
  target_link_options(drydock_options INTERFACE --coverage)
endif()

# drydock_library(NAME SOURCES... LIBS ...): a static library of one layer.
function(drydock_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC drydock_options ${arg_LIBS})
endfunction()

# Seconds a test may take; a sanitized or counted build is slower, at most by this factor.
function(drydock_timeout variable seconds)
  if(DRYDOCK_SANITIZE OR DRYDOCK_COVERAGE)
    math(EXPR seconds "${seconds} * 5")
  endif()
  set(${variable} ${seconds} PARENT_SCOPE)
endfunction()

# What a process of a test finds in its environment: one entry, since gtest_discover_tests() loses a second. The
# sanitizers need none; leaks are reported.
set(drydock_test_environment SYSTEMC_DISABLE_COPYRIGHT_MESSAGE=1)

# drydock_test(NAME SOURCES... LIBS ...): one executable; ctest runs each TEST in a process of its own,
# since the SystemC kernel cannot be reset.
function(drydock_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  drydock_timeout(arg_TIMEOUT ${arg_TIMEOUT})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} drydock_test_main)
  target_precompile_headers(${name} REUSE_FROM drydock_test_main)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}:"
    PROPERTIES TIMEOUT ${arg_TIMEOUT} ENVIRONMENT "${drydock_test_environment}")
endfunction()
