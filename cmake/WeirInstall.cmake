# SPDX-License-Identifier: MIT
#
# `cmake --install`: the program, the libraries, the public headers, weir.pc and the CMake package
# (weir::weir is the shared library when there is one, weir::static the static one).

if(NOT TARGET weir_static)
    return()
endif()
include(CMakePackageConfigHelpers)

set_target_properties(weir_static PROPERTIES EXPORT_NAME static)
install(TARGETS weir_static EXPORT weir_targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
if(WEIR_SHARED)
    set_target_properties(weir_shared PROPERTIES EXPORT_NAME weir)
    install(TARGETS weir_shared EXPORT weir_targets
            LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime
            NAMELINK_COMPONENT dev)
endif()
if(TARGET weir_cli)
    install(TARGETS weir_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
endif()
install(DIRECTORY ${WEIR_INCLUDE}/weir DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def")

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
install(EXPORT weir_targets NAMESPACE weir:: FILE weirTargets.cmake
        DESTINATION ${package_dir} COMPONENT dev)
configure_package_config_file(cmake/weirConfig.cmake.in weirConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(weirConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weirConfig.cmake ${PROJECT_BINARY_DIR}/weirConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT dev)

# Paths in weir.pc are relative to it, so that the tree may be installed under any prefix.
file(RELATIVE_PATH WEIR_PC_INCLUDEDIR /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig
     /prefix/${CMAKE_INSTALL_INCLUDEDIR})
# What the archive needs is every user's concern when there is no shared library.
set(WEIR_PC_PRIVATE ".private")
set(WEIR_PC_LIBS_THREADS "")
if(NOT WEIR_SHARED)
    set(WEIR_PC_PRIVATE "")
    set(WEIR_PC_LIBS_THREADS " -pthread")
endif()
set(needed)
if(WEIR_URING)
    list(APPEND needed liburing)
endif()
if(WEIR_IDN)
    list(APPEND needed libidn2)
endif()
list(JOIN needed ", " WEIR_PC_REQUIRES)
if(needed)
    string(PREPEND WEIR_PC_REQUIRES "Requires${WEIR_PC_PRIVATE}: ")
endif()
configure_file(cmake/weir.pc.in weir.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weir.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
