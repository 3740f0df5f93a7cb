find_package(fmt REQUIRED)
find_library(RAPIDCHECK rapidcheck REQUIRED)
drydock_test(rtl_atc_test
  SOURCES atc_test.cpp ../tlm/endpoint/atc_conformance_test.cpp ../tlm/endpoint/atc_conformance_invalidate_test.cpp
  LIBS drydock_rtl drydock_endpoint)
drydock_test(rtl_atc_equivalence_test TIMEOUT 120 SOURCES atc_equivalence_test.cpp
  LIBS drydock_rtl drydock_endpoint fmt::fmt ${RAPIDCHECK})
drydock_test(rtl_atc_mutants_test SOURCES atc_mutants_test.cpp atc_assertions_test.cpp atc_mutant.cpp
  LIBS drydock_rtl drydock_atc_mutants drydock_endpoint fmt::fmt)
target_include_directories(rtl_atc_mutants_test SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/rtl/mutants)
set_source_files_properties(atc_mutant.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)

# The program with blocks of RTL, as a user runs it.
drydock_timeout(seconds 600)
add_test(NAME rtl:user_block COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/user_block.py
                                     $<TARGET_FILE:drydock> ${PROJECT_SOURCE_DIR})
add_test(NAME rtl:fidelity COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/fidelity.py
                                   $<TARGET_FILE:drydock> ${PROJECT_SOURCE_DIR})
set_tests_properties(rtl:user_block rtl:fidelity PROPERTIES TIMEOUT ${seconds} ENVIRONMENT "${drydock_test_environment}")
