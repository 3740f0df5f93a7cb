# The ATC: its named parameter sets, its lint and its adapter.
set(drydock_atc_sources "")
foreach(part atc_pkg fifo atc_functions atc_array atc_requests atc_uses atc_invalidates atc_completions atc)
  list(APPEND drydock_atc_sources ${CMAKE_CURRENT_SOURCE_DIR}/${part}.sv)
endforeach()

# small: corners come soon, for tests. standard: the ATC of the default machine. large: for measurements.
set(drydock_atc_small Sets=8 Ways=2 Uses=16 Slots=4 Queue=8 Functions=4)
set(drydock_atc_standard Sets=128 Ways=4 Uses=256 Slots=32 Queue=32 Functions=64)
set(drydock_atc_large Sets=1024 Ways=8 Uses=256 Slots=32 Queue=32 Functions=64)
foreach(set small standard)
  drydock_verilate(Vatc_${set} TOP atc SOURCES ${drydock_atc_sources} PARAMETERS ${drydock_atc_${set}})
endforeach()
drydock_verilate(Vatc_large MEASURED TOP atc SOURCES ${drydock_atc_sources} PARAMETERS ${drydock_atc_large})
if(DRYDOCK_TESTS)
  drydock_rtl_lint(atc ${drydock_atc_sources})
  if(NOT DRYDOCK_RTL_COVERAGE)
    # Too large to be compiled where no test wants it.
    add_library(drydock_atc_mutants STATIC EXCLUDE_FROM_ALL)
    target_link_libraries(drydock_atc_mutants PUBLIC drydock_verilated)
    drydock_verilated_library(drydock_atc_mutants)
  endif()
  drydock_rtl_mutants(atc SOURCES ${drydock_atc_sources} PARAMETERS ${drydock_atc_small} LIBRARY drydock_atc_mutants)
endif()

target_sources(drydock_verilated PRIVATE adapter/atc_rtl.cpp)
target_sources(drydock_rtl PRIVATE adapter/atc.cpp adapter/atc_results.cpp adapter/atc_signals.cpp)
