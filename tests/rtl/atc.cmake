find_package(fmt REQUIRED)
find_library(RAPIDCHECK rapidcheck REQUIRED)
drydock_test(rtl_atc_test
  SOURCES atc_test.cpp ../tlm/endpoint/atc_conformance_test.cpp ../tlm/endpoint/atc_conformance_invalidate_test.cpp
  LIBS drydock_rtl drydock_endpoint)
drydock_test(rtl_atc_equivalence_test TIMEOUT 120 SOURCES atc_equivalence_test.cpp
  LIBS drydock_rtl drydock_endpoint fmt::fmt ${RAPIDCHECK})
