# cmake --install: the module where nginx looks for modules, appctl, the library with what other programs need of it,
# and the configurations. Components: module, appctl, runtime (the library), development, examples.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(APP_CREATE_MODULE)
    # What ./configure of that nginx was told, else "modules" in its prefix, as nginx has it.
    set(MODULES_PATH modules)
    if(EXISTS ${NGX_OBJS}/ngx_auto_config.h)
        file(STRINGS ${NGX_OBJS}/ngx_auto_config.h CONFIGURED REGEX "^#define NGX_CONFIGURE ")
        file(STRINGS ${NGX_OBJS}/ngx_auto_config.h PREFIX REGEX "^#define NGX_PREFIX ")
        if(CONFIGURED MATCHES "--modules-path=([^ \"']+)")
            set(MODULES_PATH ${CMAKE_MATCH_1})
        elseif(PREFIX MATCHES "\"(/[^\"]+)\"")
            set(MODULES_PATH ${CMAKE_MATCH_1}/modules)
        endif()
    endif()
    set(APP_CREATE_MODULES_DIR ${MODULES_PATH} CACHE PATH "where nginx looks for modules")
    install(TARGETS ngx_http_app_create_module LIBRARY DESTINATION ${APP_CREATE_MODULES_DIR} COMPONENT module)
endif()

install(TARGETS appctl RUNTIME COMPONENT appctl)
install(TARGETS appcreate EXPORT AppCreate
        LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES core/include/app_create.h core/include/app_create_read.h core/include/app_create_admin.h TYPE INCLUDE COMPONENT development)

set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/AppCreate)
install(EXPORT AppCreate NAMESPACE AppCreate:: FILE AppCreateTargets.cmake DESTINATION ${PACKAGE_DIR}
        COMPONENT development)
configure_package_config_file(packaging/cmake/AppCreateConfig.cmake.in AppCreateConfig.cmake
                              INSTALL_DESTINATION ${PACKAGE_DIR})
write_basic_package_version_file(AppCreateConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/AppCreateConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/AppCreateConfigVersion.cmake
        DESTINATION ${PACKAGE_DIR} COMPONENT development)

# The .pc file has the directories below the prefix, so that --define-prefix of pkg-config can move them.
foreach(KIND LIB INCLUDE)
    set(PC_${KIND}DIR "\${prefix}/${CMAKE_INSTALL_${KIND}DIR}")
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${KIND}DIR}")
        set(PC_${KIND}DIR "${CMAKE_INSTALL_${KIND}DIR}")
    endif()
endforeach()
configure_file(packaging/cmake/libappcreate.pc.in libappcreate.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libappcreate.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)

install(DIRECTORY nginx-conf/ DESTINATION ${CMAKE_INSTALL_DATADIR}/nginx-app-create COMPONENT examples
        FILES_MATCHING PATTERN "*.conf" PATTERN "*.html" PATTERN "quickstart.conf" EXCLUDE)

# Man pages and completions are made by the target appctl_docs; what it has not made is not installed.
install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT appctl OPTIONAL
        FILES_MATCHING PATTERN "*.1")
install(FILES ${CMAKE_BINARY_DIR}/completions/appctl.bash COMPONENT appctl OPTIONAL RENAME appctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${CMAKE_BINARY_DIR}/completions/_appctl COMPONENT appctl OPTIONAL
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${CMAKE_BINARY_DIR}/completions/appctl.fish COMPONENT appctl OPTIONAL
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
