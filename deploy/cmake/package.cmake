# What an author of adapters gets from an installation: headers, a CMake package, a pkg-config file and the example.
include(CMakePackageConfigHelpers)
include(${CMAKE_CURRENT_LIST_DIR}/consiliumPlugin.cmake)

set(CSL_PLUGIN_DIR ${CMAKE_INSTALL_LIBDIR}/consilium/plugins)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/consilium)
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH CSL_PREFIX_FROM_PC ${CMAKE_INSTALL_PREFIX}/${pc_dir} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" CSL_PREFIX_FROM_PC ${CSL_PREFIX_FROM_PC})
file(STRINGS ${PROJECT_SOURCE_DIR}/core/include/consilium/plugin.h CSL_ABI_MAJOR REGEX "^#define CSL_ABI_MAJOR ")
string(REGEX REPLACE "[^0-9]" "" CSL_ABI_MAJOR "${CSL_ABI_MAJOR}")

add_library(consilium_plugin INTERFACE)
add_library(consilium::plugin ALIAS consilium_plugin)
set_target_properties(consilium_plugin PROPERTIES EXPORT_NAME plugin)
target_include_directories(consilium_plugin INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core/include>
                                                      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS consilium_plugin EXPORT consiliumTargets)
install(EXPORT consiliumTargets NAMESPACE consilium:: DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/consiliumConfig.cmake.in ${PROJECT_BINARY_DIR}/consiliumConfig.cmake
                              INSTALL_DESTINATION ${package_dir} PATH_VARS CSL_PLUGIN_DIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/consiliumConfigVersion.cmake COMPATIBILITY SameMajorVersion
                                 ARCH_INDEPENDENT)
configure_file(${CMAKE_CURRENT_LIST_DIR}/consilium.pc.in ${PROJECT_BINARY_DIR}/consilium.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/consiliumConfig.cmake ${PROJECT_BINARY_DIR}/consiliumConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/consiliumPlugin.cmake DESTINATION ${package_dir})
install(FILES ${PROJECT_BINARY_DIR}/consilium.pc DESTINATION ${pc_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/core/include/consilium DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/docs/plugin-tutorial.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/example DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Services, for systemd: docs/watch.md.
set(systemd_dir ${PROJECT_SOURCE_DIR}/deploy/systemd)
foreach(unit consilium-watch.service consilium-nightly.service)
  configure_file(${systemd_dir}/${unit} ${PROJECT_BINARY_DIR}/systemd/${unit} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/systemd/${unit} DESTINATION lib/systemd/system)
endforeach()
install(FILES ${systemd_dir}/consilium-nightly.timer DESTINATION lib/systemd/system)
install(DIRECTORY ${systemd_dir}/consilium-.service.d DESTINATION lib/systemd/system)
install(FILES ${systemd_dir}/consilium.sysusers DESTINATION lib/sysusers.d RENAME consilium.conf)
install(FILES ${systemd_dir}/consilium.tmpfiles DESTINATION lib/tmpfiles.d RENAME consilium.conf)
install(FILES ${PROJECT_SOURCE_DIR}/docs/run.md ${PROJECT_SOURCE_DIR}/docs/watch.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
