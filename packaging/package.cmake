# The Debian package: `cmake --build build && cpack --config build/CPackConfig.cmake`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mydht)
set(CPACK_PACKAGE_VENDOR MyDHT)
set(CPACK_PACKAGE_CONTACT "MyDHT maintainers <maintainers@users.noreply.b-seed-5b22de6b.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "keeps keys and files on a ring of ordinary machines")
set(CPACK_PACKAGE_DESCRIPTION
  "MyDHT keeps three copies of each value on a ring of machines, without a
master. Any node answers any request, and any HTTP client is a client. What it
has said that it stored is on the disks of a majority of the machines that keep
that key.
.
This package has the node, mydhtserver, as a service that is to be configured
before it is started, and the client, mydhtclient.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_LIST_DIR}/debian/conffiles ${CMAKE_CURRENT_LIST_DIR}/debian/postinst
  ${CMAKE_CURRENT_LIST_DIR}/debian/prerm ${CMAKE_CURRENT_LIST_DIR}/debian/postrm)
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_LIST_DIR}/debian/finish.cmake")
set(CPACK_MYDHT_DEBIAN "${CMAKE_CURRENT_LIST_DIR}/debian")
include(CPack)
