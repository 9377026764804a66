# `cmake --install build/release --prefix /usr/local`: the programs, and what belongs to them in the usual places. Nothing
# goes to /etc: settings and secrets are whoever runs it to make, and an upgrade must not touch them. The component
# `manual` is what the image takes.
include(GNUInstallDirs)

install(TARGETS tiktok-gateway tiktok-simulator RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)

foreach(program tiktok-gateway tiktok-simulator)
    install(FILES ${command_line_folder}/${program}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT manual)
    install(FILES ${command_line_folder}/${program}.bash RENAME ${program}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT manual)
    install(FILES ${command_line_folder}/${program}.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT manual)
    # zsh of Debian looks at vendor-completions below /usr, and at site-functions below /usr/local.
    install(CODE "
        set(zsh_folder site-functions)
        if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
            set(zsh_folder vendor-completions)
        endif()
        file(INSTALL \"${command_line_folder}/_${program}\" TYPE FILE
            DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${zsh_folder}\")"
        COMPONENT manual)
endforeach()
install(FILES ${command_line_folder}/tiktok-gateway.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT manual)

# The unit names the program where it was installed.
install(CODE "
    file(READ \"${PROJECT_SOURCE_DIR}/deploy/systemd/tiktok-gateway.service\" unit)
    string(REPLACE \"/usr/local/bin/\" \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/\" unit \"\${unit}\")
    set(made \"${PROJECT_BINARY_DIR}/tiktok-gateway.service\")
    file(WRITE \"\${made}\" \"\${unit}\")
    file(INSTALL \"\${made}\" TYPE FILE DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")"
    COMPONENT deploy)

install(FILES deploy/systemd/sysusers.conf DESTINATION lib/sysusers.d RENAME tiktok-gateway.conf COMPONENT deploy)
install(FILES README.md CHANGELOG.md LICENSE openapi.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/tiktok-gateway COMPONENT deploy)
# By name, since secrets of whoever works here may lie in the same folders.
set(examples ${CMAKE_INSTALL_DATADIR}/doc/tiktok-gateway/examples)
install(FILES config/gateway.yaml config/production.yaml config/simulator.yaml DESTINATION ${examples}/config COMPONENT deploy)
install(FILES deploy/README.md deploy/compose.yaml DESTINATION ${examples}/deploy COMPONENT deploy)
install(DIRECTORY deploy/grafana deploy/kubernetes deploy/prometheus deploy/systemd DESTINATION ${examples}/deploy COMPONENT deploy
    FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json" PATTERN "*.conf" PATTERN "*.service")
