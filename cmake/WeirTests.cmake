# SPDX-License-Identifier: MIT
#
# The tests: a program per floor from the *_test.c files beside the code, programs for what spans
# floors, fuzz targets, the law, the examples and the installed tree.  Every TEST is a ctest entry.

if(WEIR_TESTS STREQUAL "OFF")
    return()
endif()
if(WEIR_TESTS STREQUAL "AUTO")
    pkg_check_modules(CMOCKA QUIET IMPORTED_TARGET cmocka)
    if(NOT CMOCKA_FOUND)
        message(STATUS "cmocka not found: the tests are left out")
        return()
    endif()
else()
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

enable_testing()
set(WEIR_TEST_DIR ${PROJECT_BINARY_DIR}/test)

# How a program built here is started: through the emulator when built for another processor, and
# without address randomisation under ThreadSanitizer, whose shadow does not fit every layout.
set(WEIR_LAUNCH ${CMAKE_CROSSCOMPILING_EMULATOR})
if(WEIR_SANITIZE MATCHES "thread")
    execute_process(COMMAND setarch -R true RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(NOT failed)
        set(WEIR_LAUNCH setarch -R)
    endif()
endif()

# What every test finds in its environment: $WEIR is the program, $WEIR_LAUNCH goes before it.
# ThreadSanitizer waits a second when a process ends with fibers; tests end thousands that do.
set(WEIR_TEST_ENV
    "ASAN_OPTIONS=detect_stack_use_after_return=0:allocator_may_return_null=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:atexit_sleep_ms=20"
    "WEIR_BUILD_DIR=${PROJECT_BINARY_DIR}" "WEIR_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "WEIR=${PROJECT_BINARY_DIR}/bin/weir")
list(JOIN WEIR_LAUNCH " " launch)
list(APPEND WEIR_TEST_ENV "WEIR_LAUNCH=${launch}")

add_library(weir_harness STATIC ${PROJECT_SOURCE_DIR}/test/harness/test.c
            ${PROJECT_SOURCE_DIR}/test/harness/alloc.c ${PROJECT_SOURCE_DIR}/test/harness/json.c)
target_include_directories(weir_harness PUBLIC ${PROJECT_SOURCE_DIR} PRIVATE ${WEIR_INCLUDE})
target_link_libraries(weir_harness PUBLIC PkgConfig::CMOCKA Threads::Threads
                      PRIVATE weir_flags)
# alloc.c stands between the tests and the allocator; a compiler that knows malloc would remove a
# call whose result it needs not.
foreach(symbol malloc calloc realloc aligned_alloc posix_memalign mmap mmap64)
    target_link_options(weir_harness INTERFACE -Wl,--wrap=${symbol})
    target_compile_options(weir_harness INTERFACE -fno-builtin-${symbol})
endforeach()

# weir_test_program(NAME SOURCES... LINK TARGETS...): a test program and its entries in ctest, which
# are asked of the program itself after each build.
function(weir_test_program name)
    cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
    add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${WEIR_TEST_DIR})
    target_include_directories(${name} PRIVATE ${WEIR_INCLUDE} ${WEIR_SRC} ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${arg_LINK} weir_harness weir_flags)
    set(entries ${WEIR_TEST_DIR}/${name}_tests.cmake)
    add_custom_command(TARGET ${name} POST_BUILD BYPRODUCTS ${entries} VERBATIM
        COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DPROGRAM=$<TARGET_FILE:${name}>
            "-DLAUNCH=${WEIR_LAUNCH}" "-DENVIRONMENT=${WEIR_TEST_ENV}" -DOUT=${entries}
            -P ${PROJECT_SOURCE_DIR}/cmake/list_tests.cmake)
    set(include ${WEIR_TEST_DIR}/${name}_include.cmake)
    file(WRITE ${include} "if(EXISTS \"${entries}\")\n  include(\"${entries}\")\n"
         "else()\n  add_test(${name}.NOT_BUILT ${name}.NOT_BUILT)\nendif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${include})
endfunction()

# weir_script_test(NAME TIMEOUT COMMAND...): a program or script as one ctest entry; these begin
# first, as the longest are among them.
function(weir_script_test name timeout)
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout} SKIP_RETURN_CODE 77
                         COST ${timeout} ENVIRONMENT "${WEIR_TEST_ENV}")
endfunction()

# A floor's tests see the floors that it may use; above the engines they are programs and pick one.
set(engine)
foreach(floor ${WEIR_FLOORS})
    set(sources)
    foreach(folder ${WEIR_FOLDERS_${floor}})
        file(GLOB here CONFIGURE_DEPENDS ${folder}/*_test.c ${folder}/testing.c)
        list(APPEND sources ${here})
    endforeach()
    if(NOT WEIR_URING)
        list(FILTER sources EXCLUDE REGEX "/uring/[^/]*$")
    endif()
    if(sources)
        string(REPLACE "/" "_" target ${floor})
        weir_test_program(test_${target} ${sources} LINK weir_${target} ${engine})
    endif()
    if(floor STREQUAL "io/engine")
        set(engine weir_io_engine)
    endif()
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/harness/*_test.c)
weir_test_program(test_harness ${sources})

if(TARGET weir_static)
    # ThreadSanitizer's start calls some of these before it can follow instrumented code.
    if(WEIR_SANITIZE MATCHES "thread")
        set_property(SOURCE ${PROJECT_SOURCE_DIR}/test/contract/sim_kernel.c APPEND_STRING
                     PROPERTY COMPILE_FLAGS " -mllvm -tsan-instrument-func-entry-exit=0")
        set_property(SOURCE ${PROJECT_SOURCE_DIR}/test/contract/sim_kernel.c APPEND_STRING
                     PROPERTY COMPILE_FLAGS " -mllvm -tsan-instrument-memory-accesses=0")
    endif()

    # The plain calls of the contract suite go to the simulator while a test runs in it.
    add_library(weir_sim_kernel INTERFACE)
    foreach(call socket socketpair pipe2 pipe bind listen accept connect send write recv read close
                 dup fcntl getsockopt setsockopt getsockname poll getrlimit setrlimit test_fd_count
                 open openat pread ftruncate flock faccessat unlinkat unlink rmdir mkdir mkfifo
                 symlink chmod utimes stat lstat fstat mkdtemp contract_remove_directory getpid
                 geteuid getegid)
        target_link_options(weir_sim_kernel INTERFACE -Wl,--wrap=${call})
    endforeach()

    foreach(suite contract interop cases)
        file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/${suite}/*.c)
        if(sources)
            weir_test_program(test_${suite} ${sources} LINK weir_static)
        endif()
    endforeach()
    target_link_libraries(test_contract PRIVATE weir_sim_kernel)

    # A name server in the test's own process.
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/harness/dns_server*.c)
    add_library(weir_dns_server STATIC ${sources})
    target_include_directories(weir_dns_server PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(weir_dns_server PUBLIC weir_static PRIVATE weir_flags)
    target_link_libraries(test_contract PRIVATE weir_dns_server)
    target_link_libraries(test_interop PRIVATE weir_dns_server)

    # Tests between hosts keep the contract's house: its checks and its way to run an engine.
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/network/*.c)
    foreach(source contract sim_kernel sim_skips_table)
        list(APPEND sources ${PROJECT_SOURCE_DIR}/test/contract/${source}.c)
    endforeach()
    weir_test_program(test_network ${sources} LINK weir_dns_server weir_static weir_sim_kernel)

    # The model checker runs its threads as coroutines of one thread: ThreadSanitizer has nothing to
    # see there, and keeps a call stack for each that is left in the middle.  It compiles sources of
    # the engine for itself, and searches too long without optimisation.
    if(NOT WEIR_SANITIZE MATCHES "thread")
        file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/model/*.c)
        weir_test_program(test_model ${sources} LINK weir_static)
        target_compile_options(test_model PRIVATE -O2)
    endif()

    # A few hundred seeds of all worlds together; `./dev test --long` and `weir sim` run more.
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/worlds/*.c)
    set(planted ${sources})
    list(FILTER sources EXCLUDE REGEX "/planted[^/]*$")
    list(FILTER planted EXCLUDE REGEX "/worlds_table\\.c$")
    add_executable(test_worlds ${sources})
    add_executable(test_planted ${planted})
    foreach(target test_worlds test_planted)
        set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${WEIR_TEST_DIR})
        target_link_libraries(${target} PRIVATE weir_static weir_flags)
        foreach(symbol malloc calloc realloc aligned_alloc free)
            target_link_options(${target} PRIVATE -Wl,--wrap=${symbol})
        endforeach()
    endforeach()
    # A world runs in one thread, where ThreadSanitizer sees what it sees of the first seeds.
    set(seeds 10)
    set(planted_seeds 200)
    if(WEIR_SANITIZE MATCHES "thread")
        set(seeds 2)
        set(planted_seeds 5)
    elseif(WEIR_SANITIZE)
        set(seeds 5)
        set(planted_seeds 20)
    endif()
    # Worlds with a mistake in them, which has to be found.
    weir_script_test(worlds.planted 600 bash ${PROJECT_SOURCE_DIR}/test/worlds/planted.sh
                     $<TARGET_FILE:test_planted> ${planted_seeds})
    # All builds run the same worlds, to the last byte.
    weir_script_test(worlds.hashes 600 bash ${PROJECT_SOURCE_DIR}/test/worlds/hashes.sh
                     $<TARGET_FILE:test_worlds>)
    foreach(world http http-partition http-drain http-renew http-limit http-slow-reader
                  http-slow-host http-reconnect http-descriptors http-memory http-files http-clock
                  dns dns-liar dns-together dns-dial dns-shortage dns-reload)
        foreach(profile calm lossy hostile)
            weir_script_test(worlds.${world}.${profile} 300 ${WEIR_LAUNCH}
                             $<TARGET_FILE:test_worlds> ${world} --profile ${profile} --seeds
                             1..${seeds})
        endforeach()
    endforeach()

    # ThreadSanitizer holds a signal back that comes while a thread computes, and forgets it when
    # the thread then waits by a system call that it does not know (io_uring_enter, futex): scripts
    # that end a program by a signal might wait for ever.
    file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/interop/*.sh)
    if(WEIR_SANITIZE MATCHES "thread")
        set(scripts)
        list(REMOVE_ITEM WEIR_EXAMPLES tree chat)
    endif()
    foreach(script ${scripts})
        get_filename_component(name ${script} NAME_WE)
        weir_script_test(interop.${name} 600 bash ${script})
    endforeach()

    # An example runs by the script of its name beside it, which finds the program in $EXAMPLE, or
    # by itself, and must then end with success.
    foreach(name ${WEIR_EXAMPLES})
        set(program $<TARGET_FILE:example_${name}>)
        if(EXISTS ${PROJECT_SOURCE_DIR}/examples/${name}.sh)
            weir_script_test(example.${name} 300 bash examples/${name}.sh)
            set_property(TEST example.${name} APPEND PROPERTY ENVIRONMENT EXAMPLE=${program})
        else()
            weir_script_test(example.${name} 120 ${WEIR_LAUNCH} ${program})
        endif()
    endforeach()
endif()

# A fuzz target is a libFuzzer program in the preset `fuzz`; elsewhere it replays its corpus.  It
# links the floors that read bytes of strangers, so that the preset builds no others.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/fuzz/*.c)
list(FILTER sources EXCLUDE REGEX "/replay\\.c$")
add_custom_target(weir_fuzzers)
foreach(source ${sources})
    if(NOT TARGET weir_static)
        break()
    endif()
    get_filename_component(name ${source} NAME_WE)
    add_executable(fuzz_${name} ${source})
    set_target_properties(fuzz_${name} PROPERTIES
                          RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    target_include_directories(fuzz_${name} PRIVATE ${WEIR_SRC} ${PROJECT_SOURCE_DIR})
    target_link_libraries(fuzz_${name} PRIVATE weir_net weir_http_wire weir_dns weir_flags)
    add_dependencies(weir_fuzzers fuzz_${name})
    if(WEIR_FUZZ)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/test/harness/replay.c)
        weir_script_test(fuzz_corpus.${name} 300 ${WEIR_LAUNCH} $<TARGET_FILE:fuzz_${name}>
                         ${PROJECT_SOURCE_DIR}/test/fuzz/corpus/${name})
    endif()
endforeach()

include(WeirLaw)
