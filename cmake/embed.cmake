# embed_documents(TARGET): compiles openapi.yaml, its JSON form, every file of service/web/, docs/llms.txt and the pages
# that it links to (with links that lead somewhere at a gateway: served_page.py), and config/gateway.yaml into TARGET, where api/assets.hpp declares their list. The assembler includes the bytes, so size costs no compile time.
function(embed_documents target)
    set(names "")
    set(paths "")
    macro(embed_one name path)
        list(APPEND names ${name})
        list(APPEND paths ${path})
    endmacro()

    embed_one(openapi.yaml ${PROJECT_SOURCE_DIR}/openapi.yaml)
    # The page reads JSON, so that it needs no YAML parser.
    set(as_json ${CMAKE_CURRENT_BINARY_DIR}/openapi.json)
    set(converter ${PROJECT_SOURCE_DIR}/cmake/yaml_to_json.py)
    add_custom_command(OUTPUT ${as_json}
        COMMAND ${system_python} ${converter} ${PROJECT_SOURCE_DIR}/openapi.yaml ${as_json}
        DEPENDS ${PROJECT_SOURCE_DIR}/openapi.yaml ${converter}
        VERBATIM)
    embed_one(docs/openapi.json ${as_json})
    file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/service/web/*)
    foreach(page IN LISTS pages)
        get_filename_component(name ${page} NAME)
        embed_one(docs/${name} ${page})
    endforeach()

    # For agents: the pages as plain Markdown, under the names by which they link to each other.
    set(index ${PROJECT_SOURCE_DIR}/docs/llms.txt)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${index})
    file(READ ${index} links)
    string(REGEX MATCHALL "[(][a-z-]+[.]md[)]" links "${links}")
    list(TRANSFORM links REPLACE "[(](.*)[)]" "docs/\\1" OUTPUT_VARIABLE pages)
    list(APPEND pages docs/llms.txt)
    set(reader ${PROJECT_SOURCE_DIR}/cmake/served_page.py)
    foreach(page IN LISTS pages)
        set(as_served ${CMAKE_CURRENT_BINARY_DIR}/served/${page})
        add_custom_command(OUTPUT ${as_served}
            COMMAND ${system_python} ${reader} ${PROJECT_SOURCE_DIR}/${page} ${as_served} ${pages} openapi.yaml config/gateway.yaml
            DEPENDS ${PROJECT_SOURCE_DIR}/${page} ${reader}
            VERBATIM)
        embed_one(${page} ${as_served})
    endforeach()
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/served/docs)
    embed_one(docs/gateway.yaml ${PROJECT_SOURCE_DIR}/config/gateway.yaml)

    set(types md text/markdown txt text/plain html text/html css text/css js text/javascript json application/json yaml application/yaml
        svg image/svg+xml png image/png ico image/x-icon)
    set(code "// Made by cmake/embed.cmake.\n#include \"api/assets.hpp\"\n\n#include <cstddef>\n\n")
    set(table "")
    set(count 0)
    foreach(name path IN ZIP_LISTS names paths)
        get_filename_component(extension ${name} LAST_EXT)
        string(SUBSTRING "${extension}" 1 -1 extension)
        list(FIND types "${extension}" at)
        set(type application/octet-stream)
        if(at GREATER -1)
            math(EXPR at "${at} + 1")
            list(GET types ${at} type)
        endif()
        if(type MATCHES "^text/")
            string(APPEND type "; charset=utf-8")
        endif()
        set(symbol embedded_${count})
        string(APPEND code
            "asm(\".pushsection .rodata\\n.hidden ${symbol}_begin\\n.hidden ${symbol}_end\\n\"\n"
            "    \".global ${symbol}_begin\\n${symbol}_begin:\\n.incbin \\\"${path}\\\"\\n\"\n"
            "    \".global ${symbol}_end\\n${symbol}_end:\\n.byte 0\\n.popsection\\n\");\n"
            "extern \"C\" [[gnu::visibility(\"hidden\")]] const char ${symbol}_begin[];\n"
            "extern \"C\" [[gnu::visibility(\"hidden\")]] const char ${symbol}_end[];\n")
        string(APPEND table
            "        {\"${name}\", \"${type}\", {${symbol}_begin, static_cast<std::size_t>(${symbol}_end - ${symbol}_begin)}},\n")
        math(EXPR count "${count} + 1")
    endforeach()
    string(APPEND code
        "\nnamespace gateway::api {\n\nstd::span<const embedded_file> embedded_files() {\n")
    string(APPEND code "    static const embedded_file all[] = {\n${table}    };\n    return all;\n")
    string(APPEND code "}\n\n} // namespace gateway::api\n")

    set(made ${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp)
    file(CONFIGURE OUTPUT ${made} CONTENT "${code}" @ONLY)
    set_source_files_properties(${made} PROPERTIES OBJECT_DEPENDS "${paths}" SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${target} PRIVATE ${made})
endfunction()
