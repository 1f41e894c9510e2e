# SPDX-License-Identifier: Apache-2.0
# Installs the build into a folder of its own, builds the outside project against it, runs both it and the installed program.
set(place ${BUILD}/outside)
file(REMOVE_RECURSE ${place})
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${out}")
  endif()
endfunction()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${place}/installed)
run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/examples/outside -B ${place}/build -DCMAKE_PREFIX_PATH=${place}/installed
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})
run(${CMAKE_COMMAND} --build ${place}/build)
run(${place}/build/outside)
run(${place}/installed/bin/talweg --version)
