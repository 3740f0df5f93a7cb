# DPC containment in SystemVerilog: the rules of its interface, which its twin keeps too.
drydock_test(rtl_dpc_containment_test
  SOURCES ${PROJECT_SOURCE_DIR}/tests/tlm/root_complex/containment_test.cpp containment_in_rtl.cpp
  LIBS drydock_rtl)
drydock_test(rtl_containment_equivalence_test TIMEOUT 120 SOURCES containment_equivalence_test.cpp LIBS drydock_rtl
                                                                                                        rapidcheck)
drydock_test(rtl_containment_mutants_test SOURCES containment_mutants_test.cpp containment_mutant.cpp LIBS drydock_rtl)
target_include_directories(rtl_containment_mutants_test SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/rtl/mutants)
set_source_files_properties(containment_mutant.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
