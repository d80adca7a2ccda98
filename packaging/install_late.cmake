# Runs while installing: the files that name the place of others, and the configuration, which lies in /etc when the
# programs lie in /usr, and which is never overwritten. Knows source, made and bindir from CMakeLists.txt.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(CONFDIR "/etc/mydht")
else()
  set(CONFDIR "${CMAKE_INSTALL_PREFIX}/etc/mydht")
endif()
set(BINDIR "${CMAKE_INSTALL_PREFIX}/${bindir}")

configure_file("${source}/systemd/mydht.service.in" "${made}/mydht.service" @ONLY)
file(INSTALL "${made}/mydht.service" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")
if(EXISTS "$ENV{DESTDIR}${CONFDIR}/mydht.conf")
  message(STATUS "Kept: $ENV{DESTDIR}${CONFDIR}/mydht.conf")
else()
  file(INSTALL "${made}/mydht.conf" DESTINATION "${CONFDIR}")
endif()
