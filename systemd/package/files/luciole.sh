#!/bin/sh
# Starts Luciole from wherever its folder lies. What the operator has set goes first.
self=$(readlink -f "$0")
home=${self%/*/*}

# The service may have been given a newer release by an update: that one runs, unless it is on trial and has not come up three times, or has not
# come up ten times in a row since, as on flash that has lost a part of it. A release that comes up removes the file "starts".
# The files are those of agent/service/updates/release-store.ts. A folder that takes no more gives no trial.
# The service can write these files and nothing that is executed: releases lie where luciole-release.service has put them once their signature was
# checked. Without a key of a maker no release can be verified, so none runs.
export LUCIOLE_RELEASES="${LUCIOLE_RELEASES:-/var/lib/luciole-releases}"
has_update_key() {
  for key in "${LUCIOLE_UPDATE_KEYS:-/etc/luciole/update-keys}"/*.pem; do
    [ ! -f "$key" ] || return 0
  done
  return 1
}
# A number and a version: nothing that leads out of the folder of releases.
is_unpacked() {
  case $1 in
    *[!0-9A-Za-z.+~-]* | [!0-9]* | '') return 1 ;;
  esac
  [ -x "$LUCIOLE_RELEASES/$1/bin/luciole" ]
}
# Only a file is read: a pipe or a device of this name would hold up every start.
give_way() {
  { [ -f "$shelf/previous" ] && read -r before rest 2>/dev/null <"$shelf/previous"; } || before=package
  echo "$name" >"$shelf/failed.new" && mv "$shelf/failed.new" "$shelf/failed"
  echo "$before" >"$shelf/current.new" && mv "$shelf/current.new" "$shelf/current" && rm -f "$shelf/trial" "$shelf/previous" "$shelf/starts"
  name=$before
}
count_start() {
  echo "$name $(($1 - 1))" 2>/dev/null >"$shelf/starts.new" && mv "$shelf/starts.new" "$shelf/starts"
}
# A step of the start is complete, so the service manager's limit is extended: on a slow machine Node alone may take most of it.
# In the background, as the street waits for Node. It waits itself until the manager has read the message; without the program nothing is sent.
extend_start() {
  [ -n "${NOTIFY_SOCKET-}" ] || return 0
  (systemd-notify "EXTEND_TIMEOUT_USEC=${LUCIOLE_START_STEP_USEC:-60000000}" </dev/null >/dev/null 2>&1 &)
}
choose_release() {
  shelf=$STATE_DIRECTORY/releases
  { [ -f "$shelf/current" ] && read -r name rest 2>/dev/null <"$shelf/current"; } || return 0
  has_update_key || return 0
  if [ -f "$shelf/trial" ] && read -r trial left 2>/dev/null <"$shelf/trial" && [ "$trial" = "$name" ]; then
    is_unpacked "$name" || left=0
    case $left in
      [1-9]) echo "$trial $((left - 1))" 2>/dev/null >"$shelf/trial.new" && mv "$shelf/trial.new" "$shelf/trial" || return 0 ;;
      *) give_way ;;
    esac
  elif [ "$name" != package ]; then
    { [ -f "$shelf/starts" ] && read -r started left 2>/dev/null <"$shelf/starts" && [ "$started" = "$name" ]; } || left=10
    case $left in
      0) give_way ;;
      [1-9]) count_start "$left" ;;
      *) count_start 10 ;;
    esac
  fi
  if is_unpacked "$name"; then
    export LUCIOLE_RELEASE="$name"
    extend_start
    exec "$LUCIOLE_RELEASES/$name/bin/luciole" "$@"
  fi
}
if [ "${1-}" = run ] && [ -n "${STATE_DIRECTORY-}" ] && [ -z "${LUCIOLE_RELEASE-}" ]; then
  choose_release "$@"
  export LUCIOLE_RELEASE=package
fi

flags=
case ${1-} in
  @COMMANDS@)
    # The long-running agent, and an export beside it, must not take a small gateway's memory.
    flags='@FLAGS@'
    @ENV@
    ;;
esac
# What was compiled is kept for the next start where the service manager gives a folder for it; one release is kept beside the package.
if [ -n "${CACHE_DIRECTORY-}" ]; then
  case ${LUCIOLE_RELEASE-package} in
    package) compiled=$CACHE_DIRECTORY/compiled ;;
    *)
      compiled=$CACHE_DIRECTORY/compiled-$LUCIOLE_RELEASE
      for other in "$CACHE_DIRECTORY"/compiled-*; do
        [ "$other" = "$compiled" ] || [ ! -d "$other" ] || rm -rf "$other"
      done
      ;;
  esac
  export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$compiled}"
fi
[ "${1-}" != run ] || extend_start
# shellcheck disable=SC2086 # the flags are words
exec "$home/bin/node" $flags "$home/lib/main.mjs" "$@"
