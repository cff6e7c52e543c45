# SPDX-License-Identifier: BSD-2-Clause
# What `cmake --install` puts where: the names under which programs look for librdkafka.
include(CMakePackageConfigHelpers)

set(generated ${PROJECT_BINARY_DIR}/generated)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/RdKafka)
list(JOIN MILENA_PRIVATE_LIBS " " PRIVATE_LIBS_TEXT)
string(PREPEND PRIVATE_LIBS_TEXT "-lpthread -lm ")

set(variants rdkafka)
if(BUILD_STATIC)
  list(APPEND variants rdkafka-static)
endif()
foreach(variant IN LISTS variants)
  install(
    TARGETS ${variant}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  configure_file(mklove/${variant}.pc.in ${generated}/${variant}.pc @ONLY)
  install(FILES ${generated}/${variant}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
install(FILES include/librdkafka/rdkafka.h include/librdkafka/rdkafka_mock.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/librdkafka)

configure_package_config_file(
  mklove/RdKafkaConfig.cmake.in ${generated}/RdKafkaConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(
  ${generated}/RdKafkaConfigVersion.cmake
  VERSION ${MILENA_COMPATIBLE_VERSION}
  COMPATIBILITY AnyNewerVersion)
install(FILES ${generated}/RdKafkaConfig.cmake ${generated}/RdKafkaConfigVersion.cmake
        DESTINATION ${package_dir})

file(GLOB documents CONFIGURE_DEPENDS *.md LICENSE)
install(FILES ${documents} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/librdkafka)
