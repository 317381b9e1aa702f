# Puts progress.toml into the library, so that no program depends on an installed file.
function(dray_embed_progress target)
  set(path "${CMAKE_CURRENT_SOURCE_DIR}/schemas/progress.toml")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
  file(READ "${path}" text)
  set(out "${CMAKE_BINARY_DIR}/generated/progress_toml.cc")
  file(CONFIGURE OUTPUT "${out}" @ONLY CONTENT
    "#include \"schemas/progress_config.h\"\n\nnamespace dray {\n\nstd::string_view default_progress_toml() {\n  return R\"--toml--(@text@)--toml--\";\n}\n\n}  // namespace dray\n")
  target_sources(${target} PRIVATE "${out}")
endfunction()
