# Runs in the package's folder before it is packed: what Debian wants in every package, and compressed as Debian wants it.
# gzip -n leaves out names and times, so that the same sources make the same package.
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(doc "${root}/usr/share/doc/${CPACK_PACKAGE_NAME}")
file(COPY_FILE "${CPACK_MYDHT_DEBIAN}/copyright" "${doc}/copyright")
file(COPY_FILE "${CPACK_MYDHT_DEBIAN}/changelog" "${doc}/changelog.Debian")
file(MAKE_DIRECTORY "${root}/usr/share/lintian/overrides")
file(COPY_FILE "${CPACK_MYDHT_DEBIAN}/lintian-overrides" "${root}/usr/share/lintian/overrides/${CPACK_PACKAGE_NAME}")
file(CHMOD "${doc}/copyright" "${doc}/changelog.Debian" "${root}/usr/share/lintian/overrides/${CPACK_PACKAGE_NAME}"
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
file(GLOB pages "${root}/usr/share/man/man*/*")
execute_process(COMMAND gzip -9n "${doc}/changelog.Debian" ${pages} COMMAND_ERROR_IS_FATAL ANY)
# There is nothing to complete as long as the folder is empty.
file(GLOB completions "${root}/usr/share/bash-completion/completions/*")
if(NOT completions)
  file(REMOVE_RECURSE "${root}/usr/share/bash-completion")
endif()
