# The manual page and the completions are made by the program itself, so they always fit it.
# Included by the top CMakeLists.txt after dray is declared.
if(TARGET dray)
  set(DRAY_MAN "${CMAKE_BINARY_DIR}/man/dray.1")
  add_custom_command(OUTPUT "${DRAY_MAN}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_BINARY_DIR}/man/completions"
    COMMAND dray help --man > "${DRAY_MAN}"
    COMMAND dray completion bash > "${CMAKE_BINARY_DIR}/man/completions/dray"
    COMMAND dray completion zsh > "${CMAKE_BINARY_DIR}/man/completions/_dray"
    COMMAND dray completion fish > "${CMAKE_BINARY_DIR}/man/completions/dray.fish"
    DEPENDS dray VERBATIM)
  add_custom_target(dray_man ALL DEPENDS "${DRAY_MAN}")
  install(FILES "${DRAY_MAN}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES "${CMAKE_BINARY_DIR}/man/completions/dray"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${CMAKE_BINARY_DIR}/man/completions/_dray"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
  install(FILES "${CMAKE_BINARY_DIR}/man/completions/dray.fish"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
endif()

# For Prometheus and Grafana: docs/MONITORING.md.
install(FILES "${CMAKE_SOURCE_DIR}/ops/prometheus/dray.yml"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/dray/prometheus")
install(FILES "${CMAKE_SOURCE_DIR}/ops/grafana/dray.json"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/dray/grafana")
