# find_package(drydock): libraries drydock::base, ::pcie, ... with headers under include/drydock, as in the tree.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(drydock_package ${CMAKE_INSTALL_LIBDIR}/cmake/drydock)
foreach(part options systemc base pcie system root_complex endpoint smmu sw_kernel sw waves)
  set_target_properties(drydock_${part} PROPERTIES EXPORT_NAME ${part})
  install(TARGETS drydock_${part} EXPORT drydock)
endforeach()
install(DIRECTORY tlm sw waves DESTINATION include/drydock FILES_MATCHING PATTERN "*.h")
install(EXPORT drydock NAMESPACE drydock:: DESTINATION ${drydock_package})
configure_package_config_file(cmake/drydockConfig.cmake.in drydockConfig.cmake
                              INSTALL_DESTINATION ${drydock_package})
write_basic_package_version_file(drydockConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/drydockConfig.cmake ${PROJECT_BINARY_DIR}/drydockConfigVersion.cmake
        DESTINATION ${drydock_package})
