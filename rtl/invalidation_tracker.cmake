# The invalidation tracker. Parameter sets: small for tests (it is full soon), large as a root complex has it.
set(drydock_tracker_sources invalidation_tracker_pkg.sv invalidation_tracker.sv)
drydock_verilate(Vinvalidation_tracker_small TOP invalidation_tracker SOURCES ${drydock_tracker_sources}
  PARAMETERS Itags=8 Ports=4 Requesters=1)
drydock_verilate(Vinvalidation_tracker_large TOP invalidation_tracker SOURCES ${drydock_tracker_sources}
  PARAMETERS Itags=32 Ports=32 Requesters=4)
if(DRYDOCK_TESTS)
  drydock_rtl_lint(invalidation_tracker ${drydock_tracker_sources})
  drydock_rtl_mutants(invalidation_tracker SOURCES ${drydock_tracker_sources} PARAMETERS Itags=8 Ports=4 Requesters=2)
endif()
target_sources(drydock_verilated PRIVATE adapter/invalidation_tracker_pins.cpp)
target_sources(drydock_rtl PRIVATE adapter/invalidation_tracker_rtl.cpp adapter/invalidation_tracker_signals.cpp)
target_link_libraries(drydock_rtl PUBLIC drydock_smmu)
