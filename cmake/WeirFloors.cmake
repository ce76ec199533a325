# SPDX-License-Identifier: MIT
#
# The floors: one static library weir_<floor> for each line of floors.txt, linked to the floors that
# the line allows, and libweir made of all of them.
#
# Sets WEIR_FLOORS (those which have something to build) and, for each, WEIR_FOLDERS_<floor>.

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/floors.txt)
file(STRINGS ${PROJECT_SOURCE_DIR}/floors.txt lines REGEX "^[a-z]")
set(WEIR_FLOORS)
set(all_sources)

foreach(line ${lines})
    string(REGEX MATCHALL "[^ ]+" words "${line}")
    list(POP_FRONT words floor pure)
    string(REPLACE "/" "_" target weir_${floor})

    set(WEIR_FOLDERS_${floor} ${WEIR_SRC}/${floor})
    if(floor STREQUAL "io/evented")
        list(APPEND WEIR_FOLDERS_${floor} ${WEIR_SRC}/${floor}/epoll ${WEIR_SRC}/${floor}/uring)
    endif()
    weir_sources(sources ${WEIR_FOLDERS_${floor}})
    if(WEIR_URING)
        list(FILTER sources EXCLUDE REGEX "/uring_absent\\.c$")
    else()
        list(FILTER sources EXCLUDE REGEX "/uring/[^/]*$")
    endif()
    if(WEIR_IDN)
        list(FILTER sources EXCLUDE REGEX "/idna_absent\\.c$")
    else()
        list(FILTER sources EXCLUDE REGEX "/idna_libidn2\\.c$")
    endif()

    if(sources)
        add_library(${target} STATIC ${sources})
        target_include_directories(${target} PUBLIC ${WEIR_INCLUDE} ${WEIR_SRC})
        target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:weir_flags>
                              PUBLIC Threads::Threads)
        set(kind PUBLIC)
    else()
        add_library(${target} INTERFACE)
        target_include_directories(${target} INTERFACE ${WEIR_INCLUDE} ${WEIR_SRC})
        set(kind INTERFACE)
    endif()
    foreach(below ${words})
        string(REPLACE "/" "_" below_target weir_${below})
        if(TARGET ${below_target})
            target_link_libraries(${target} ${kind} ${below_target})
        endif()
    endforeach()
    if(floor STREQUAL "io/evented" AND WEIR_URING)
        target_link_libraries(${target} ${kind} PkgConfig::LIBURING)
    endif()
    if(floor STREQUAL "dns" AND WEIR_IDN)
        target_link_libraries(${target} ${kind} PkgConfig::LIBIDN2)
    endif()

    list(APPEND WEIR_FLOORS ${floor})
    list(APPEND all_sources ${sources})
endforeach()

# Scanners that are chosen at run time are compiled for processors which have more than all do.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(wire ${WEIR_SRC}/http/wire)
    set_source_files_properties(${wire}/scan_sse42.c PROPERTIES COMPILE_OPTIONS -msse4.2)
    set_source_files_properties(${wire}/scan_avx2.c PROPERTIES
                                COMPILE_OPTIONS "-mavx2;-mbmi;-mbmi2")
    set_source_files_properties(${wire}/scan_avx512.c PROPERTIES
                                COMPILE_OPTIONS "-mavx512bw;-mavx512vl;-mbmi;-mbmi2")
endif()

# libweir: the same sources once more as one archive, and as a shared library.  The archive takes
# the objects of the floors; the shared library compiles its own, as only it needs -fPIC, unless all
# is compiled so.
function(weir_library target type)
    add_library(${target} ${type} ${ARGN})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME weir VERSION ${PROJECT_VERSION}
                          SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE C)
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${WEIR_INCLUDE}>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PUBLIC Threads::Threads)
    if(WEIR_URING)
        target_link_libraries(${target} PRIVATE PkgConfig::LIBURING)
    endif()
    if(WEIR_IDN)
        target_link_libraries(${target} PRIVATE PkgConfig::LIBIDN2)
    endif()
endfunction()

set(objects)
foreach(floor ${WEIR_FLOORS})
    string(REPLACE "/" "_" target weir_${floor})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
        list(APPEND objects $<TARGET_OBJECTS:${target}>)
    endif()
endforeach()

if(objects)
    weir_library(weir_static STATIC ${objects})
    set(WEIR_LIBRARIES weir_static)
    if(WEIR_SHARED)
        if(CMAKE_POSITION_INDEPENDENT_CODE)
            set(all_sources ${objects})
        endif()
        weir_library(weir_shared SHARED ${all_sources})
        target_include_directories(weir_shared PRIVATE ${WEIR_SRC})
        target_link_libraries(weir_shared PRIVATE $<BUILD_INTERFACE:weir_flags>)
        target_compile_options(weir_shared PRIVATE -fno-semantic-interposition)
        if(NOT WEIR_SANITIZE)
            target_link_options(weir_shared PRIVATE -Wl,--no-undefined)
        endif()
        list(APPEND WEIR_LIBRARIES weir_shared)
    endif()
    add_custom_target(weir_all DEPENDS ${WEIR_LIBRARIES})
endif()
