# Puts every NNN_name.sql of this folder into one generated source file (see schemas/migrations.h).
#   include(schemas/sql/embed.cmake)     in the build: dray_embed_sql(TARGET)
#   cmake -DOUT=... -P embed.cmake       as the build step that writes the file
if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB migrations "${CMAKE_CURRENT_LIST_DIR}/[0-9][0-9][0-9]_*.sql")
  list(SORT migrations)
  set(rows "")
  foreach(path IN LISTS migrations)
    get_filename_component(name "${path}" NAME_WE)
    string(REGEX MATCH "^[0-9]+" number "${name}")
    string(REGEX REPLACE "^0+" "" number "${number}")
    file(READ "${path}" text)
    string(APPEND rows "    {${number}, \"${name}\", R\"--sql--(${text})--sql--\"},\n")
  endforeach()
  file(WRITE "${OUT}" "#include \"schemas/migrations.h\"\n\nnamespace dray {\nnamespace {\n\n"
    "constexpr Migration kMigrations[] = {\n${rows}};\n\n}  // namespace\n\n"
    "std::span<const Migration> migrations() {\n  return kMigrations;\n}\n\n}  // namespace dray\n")
  return()
endif()

set(DRAY_SQL_DIR "${CMAKE_CURRENT_LIST_DIR}")
function(dray_embed_sql target)
  file(GLOB migrations CONFIGURE_DEPENDS "${DRAY_SQL_DIR}/*.sql")
  set(out "${CMAKE_BINARY_DIR}/generated/migrations.cc")
  add_custom_command(OUTPUT "${out}"
    COMMAND "${CMAKE_COMMAND}" "-DOUT=${out}" -P "${DRAY_SQL_DIR}/embed.cmake"
    DEPENDS ${migrations} "${DRAY_SQL_DIR}/embed.cmake" VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()
