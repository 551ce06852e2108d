#!/bin/sh
# Starts Luciole from wherever its folder lies. What the operator has set goes first.
home=$(dirname "$(dirname "$(readlink -f "$0")")")
flags=
case ${1-} in
  @COMMANDS@)
    # The long-running agent, and an export beside it, must not take a small gateway's memory.
    flags='@FLAGS@'
    @ENV@
    ;;
esac
# What was compiled is kept for the next start where the service manager gives a folder for it.
if [ -n "${CACHE_DIRECTORY-}" ]; then
  export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$CACHE_DIRECTORY/compiled}"
fi
# shellcheck disable=SC2086 # the flags are words
exec "$home/bin/node" $flags "$home/lib/main.mjs" "$@"
