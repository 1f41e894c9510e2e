# SPDX-License-Identifier: Apache-2.0
# cmake --install: the program, the static libraries, the headers behind <talweg/talweg.h>, find_package(talweg).
include(CMakePackageConfigHelpers)
set(talweg_rooms talweg_options talweg_base talweg_data talweg_formula talweg_objective talweg_descent talweg_model
    talweg_library)
install(TARGETS ${talweg_rooms} EXPORT talwegTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS talweg RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES src/talweg/talweg.h ${CMAKE_BINARY_DIR}/generated/talweg/version.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/talweg)
foreach(room base data formula objective descent model)
  install(DIRECTORY src/talweg/${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/talweg
          FILES_MATCHING PATTERN "*.h" PATTERN "json_text.h" EXCLUDE)
endforeach()
set(talweg_cmake ${CMAKE_INSTALL_LIBDIR}/cmake/talweg)
install(EXPORT talwegTargets NAMESPACE talweg:: DESTINATION ${talweg_cmake})
configure_package_config_file(cmake/talwegConfig.cmake.in ${CMAKE_BINARY_DIR}/talwegConfig.cmake
                              INSTALL_DESTINATION ${talweg_cmake})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/talwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/talwegConfig.cmake ${CMAKE_BINARY_DIR}/talwegConfigVersion.cmake
        DESTINATION ${talweg_cmake})
