# Puts a text file into a library as the function NAME() of `header`, so that no program depends on an
# installed file. In pieces, because a literal has a limit.
function(dray_embed_text target file header namespace name)
  set(path "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
  file(READ "${path}" text)
  set(literal "")
  string(LENGTH "${text}" length)
  foreach(at RANGE 0 ${length} 16000)
    string(SUBSTRING "${text}" ${at} 16000 piece)
    string(APPEND literal "R\"--text--(${piece})--text--\"\n")
  endforeach()
  set(out "${CMAKE_BINARY_DIR}/generated/${name}.cc")
  file(CONFIGURE OUTPUT "${out}" @ONLY CONTENT
    "#include \"${header}\"\n\nnamespace ${namespace} {\n\nstd::string_view ${name}() {\n  return @literal@;\n}\n\n}  // namespace ${namespace}\n")
  target_sources(${target} PRIVATE "${out}")
endfunction()
