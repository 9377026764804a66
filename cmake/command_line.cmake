# The words of --help, the manual pages and the completion of both programs, made from command_line/programs.yaml. They
# are made with the programs, so that what is installed is of the same version.
set(command_line_folder ${PROJECT_BINARY_DIR}/command_line)
set(command_line_made)
foreach(program tiktok-gateway tiktok-simulator)
    list(APPEND command_line_made ${command_line_folder}/${program}.hpp ${command_line_folder}/${program}.1
        ${command_line_folder}/${program}.bash ${command_line_folder}/_${program} ${command_line_folder}/${program}.fish)
endforeach()
list(APPEND command_line_made ${command_line_folder}/tiktok-gateway.yaml.5)
set(command_line_sources ${PROJECT_SOURCE_DIR}/cmake/command_line)
file(GLOB command_line_scripts CONFIGURE_DEPENDS ${command_line_sources}/*.py)
add_custom_command(OUTPUT ${command_line_made}
    COMMAND ${system_python} -B ${command_line_sources}/generate.py ${command_line_sources}/programs.yaml
        ${PROJECT_SOURCE_DIR}/config/gateway.yaml ${PROJECT_VERSION} ${command_line_folder}
    DEPENDS ${command_line_scripts} ${command_line_sources}/programs.yaml ${PROJECT_SOURCE_DIR}/config/gateway.yaml
    VERBATIM)
add_custom_target(command_line DEPENDS ${command_line_made})

# use_command_line(PROGRAM): its main.cpp may include PROGRAM.hpp.
function(use_command_line program)
    add_dependencies(${program} command_line)
    target_include_directories(${program} PRIVATE ${command_line_folder})
endfunction()
