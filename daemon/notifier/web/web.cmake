# The web page: built with npm where it is there, installed as share/dray/web, from where dray-notifier
# serves it. Without npm everything else is built; the notifier then says that it has no page.

set(DRAY_WEB_DIR "${CMAKE_BINARY_DIR}/web" CACHE INTERNAL "Where the built page lies")
set(web_source "${CMAKE_SOURCE_DIR}/daemon/notifier/web")
find_program(NPM npm)
find_program(NODE node)

# Empty when the page can be built; otherwise what is missing.
set(web_missing "")
if(NOT NPM OR NOT NODE)
  set(web_missing "npm and Node.js 20 or newer (packages nodejs and npm)")
else()
  execute_process(COMMAND "${NODE}" --version OUTPUT_VARIABLE node_version
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX REPLACE "^v" "" node_version "${node_version}")
  if(node_version VERSION_LESS 20)
    set(web_missing "Node.js 20 or newer; ${NODE} is ${node_version}")
  endif()
endif()

if(web_missing)
  message(STATUS "The web page is not built: it needs ${web_missing}")
  add_custom_target(dray-web
    COMMAND "${CMAKE_COMMAND}" -E echo "The web page cannot be built: it needs ${web_missing}"
    COMMAND "${CMAKE_COMMAND}" -E false
    VERBATIM)
else()
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS
    "${web_source}/src/*" "${web_source}/public/*")
  # npm ci only when the lock has changed: it takes longer than everything else.
  add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/web-modules.stamp"
    COMMAND "${NPM}" ci --no-audit --no-fund --loglevel=error
    COMMAND "${CMAKE_COMMAND}" -E touch "${CMAKE_BINARY_DIR}/web-modules.stamp"
    WORKING_DIRECTORY "${web_source}"
    DEPENDS "${web_source}/package.json" "${web_source}/package-lock.json"
    COMMENT "Fetching what the web page is built with"
    VERBATIM)
  add_custom_command(OUTPUT "${DRAY_WEB_DIR}/index.html"
    COMMAND "${NPM}" run --silent build -- --outDir "${DRAY_WEB_DIR}" --emptyOutDir --logLevel warn
    WORKING_DIRECTORY "${web_source}"
    DEPENDS ${web_sources} "${CMAKE_BINARY_DIR}/web-modules.stamp" "${web_source}/index.html"
      "${web_source}/vite.config.ts" "${web_source}/tsconfig.json"
    COMMENT "Building the web page"
    VERBATIM)
  add_custom_target(dray-web ALL DEPENDS "${DRAY_WEB_DIR}/index.html")
  install(DIRECTORY "${DRAY_WEB_DIR}/" DESTINATION ${CMAKE_INSTALL_DATADIR}/dray/web)
endif()
