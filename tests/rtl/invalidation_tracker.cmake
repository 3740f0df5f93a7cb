# The invalidation tracker in SystemVerilog: the rules of its interface, which its twin keeps too.
drydock_test(rtl_invalidation_tracker_test
  SOURCES ${PROJECT_SOURCE_DIR}/tests/tlm/smmu/invalidation_tracker_test.cpp tracker_in_rtl.cpp
  LIBS drydock_rtl)
drydock_test(rtl_tracker_equivalence_test TIMEOUT 120 SOURCES tracker_equivalence_test.cpp LIBS drydock_rtl rapidcheck)
drydock_test(rtl_tracker_mutants_test SOURCES tracker_mutants_test.cpp tracker_mutant.cpp LIBS drydock_rtl)
target_include_directories(rtl_tracker_mutants_test SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/rtl/mutants)
set_source_files_properties(tracker_mutant.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
