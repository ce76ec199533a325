# SPDX-License-Identifier: MIT
#
# What stands on the public headers alone: the `weir` program, the examples and the benchmarks.

# weir_program(TARGET NAME FLAGS SOURCE...): a program that sees include/ and libweir, nothing else.
function(weir_program target name flags)
    add_executable(${target} ${ARGN})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
    target_link_libraries(${target} PRIVATE weir_static $<BUILD_INTERFACE:${flags}>)
endfunction()

if(NOT TARGET weir_static)
    return()
endif()

weir_sources(sources ${PROJECT_SOURCE_DIR}/cli)
if(sources)
    # `weir sim` runs the worlds of the tests, which see the public headers alone, too.
    file(GLOB worlds CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/worlds/*.c)
    list(FILTER worlds EXCLUDE REGEX "/(main|memory|planted[^/]*)\\.c$")
    list(APPEND sources ${worlds})
    weir_program(weir_cli weir weir_flags ${sources})
    target_include_directories(weir_cli PRIVATE ${PROJECT_SOURCE_DIR}/test/worlds)
    target_compile_definitions(weir_cli PRIVATE WEIR_VERSION="${PROJECT_VERSION}")
endif()

# An example is a file; one with a header beside it is a part: A_B.c is a part of A and of each A_…
set(WEIR_EXAMPLES)
weir_sources(sources ${PROJECT_SOURCE_DIR}/examples)
foreach(source ${sources})
    string(REGEX REPLACE "\\.c$" ".h" header ${source})
    if(EXISTS ${header})
        list(APPEND parts ${source})
    endif()
endforeach()
list(REMOVE_ITEM sources ${parts})
foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    weir_program(example_${name} ${name} weir_warnings ${source})
    foreach(part ${parts})
        get_filename_component(whole ${part} NAME_WE)
        string(REGEX REPLACE "_[^_]*$" "" whole ${whole})
        if("${name}_" MATCHES "^${whole}_")
            target_sources(example_${name} PRIVATE ${part})
        endif()
    endforeach()
    set_target_properties(example_${name} PROPERTIES
                          RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/examples)
    list(APPEND WEIR_EXAMPLES ${name})
endforeach()

if(WEIR_BENCH)
    weir_sources(sources ${PROJECT_SOURCE_DIR}/bench)
    foreach(source ${sources})
        get_filename_component(name ${source} NAME_WE)
        weir_program(bench_${name} bench_${name} weir_flags ${source})
        if(WEIR_URING)
            target_link_libraries(bench_${name} PRIVATE PkgConfig::LIBURING)
        endif()
    endforeach()

    # bench_parse chooses among the scanners, which is nobody else's business, and links the peers
    # that are there; the pattern is looked at in each build, so that one installed later is found.
    target_include_directories(bench_parse PRIVATE ${WEIR_SRC})
    target_link_libraries(bench_parse PRIVATE ${CMAKE_DL_LIBS})
    file(GLOB peers CONFIGURE_DEPENDS /usr/include/h2o.h /usr/include/http_parser.h)
    find_library(WEIR_BENCH_H2O h2o-evloop)
    find_library(WEIR_BENCH_HTTP_PARSER http_parser)
    mark_as_advanced(WEIR_BENCH_H2O WEIR_BENCH_HTTP_PARSER)
    if("/usr/include/h2o.h" IN_LIST peers AND WEIR_BENCH_H2O)
        target_compile_definitions(bench_parse PRIVATE BENCH_H2O)
        target_link_libraries(bench_parse PRIVATE ${WEIR_BENCH_H2O})
    endif()
    if("/usr/include/http_parser.h" IN_LIST peers AND WEIR_BENCH_HTTP_PARSER)
        target_compile_definitions(bench_parse PRIVATE BENCH_HTTP_PARSER)
        target_link_libraries(bench_parse PRIVATE ${WEIR_BENCH_HTTP_PARSER})
    endif()

    # The peer of the programs about DNS; bench_dns_ares is nothing else.
    file(GLOB peers CONFIGURE_DEPENDS /usr/include/ares.h)
    find_library(WEIR_BENCH_CARES cares)
    mark_as_advanced(WEIR_BENCH_CARES)
    if(peers AND WEIR_BENCH_CARES)
        foreach(name dns dns_ares dns_parse)
            target_compile_definitions(bench_${name} PRIVATE BENCH_CARES)
            target_link_libraries(bench_${name} PRIVATE ${WEIR_BENCH_CARES})
        endforeach()
    endif()
endif()
