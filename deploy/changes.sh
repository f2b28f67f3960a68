# shellcheck shell=bash
# For install.sh and uninstall.sh: how they tell what they change, and the record of what install.sh has written.

name=telegram-toolkit-mcp
record=/var/backups/$name-install
started=$(date -u +%Y-%m-%dT%H%M%SZ)
dry_run=
changes=0
written=' '

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

# change TEXT: says what is changed; false when it must not be.
change() {
  changes=$((changes + 1))
  if [[ -n $dry_run ]]; then
    printf 'would %s\n' "$1"
    return 1
  fi
  printf '%s\n' "$1"
}

# is_recorded FILE: whether install.sh has written it.
is_recorded() {
  grep -qxF "$1" "$record/files" 2>/dev/null
}

# place SOURCE TARGET COMMAND…: copies by that command, with the target whole at every moment. What is not whole yet has a name
# that nginx's `include …/*` passes over.
place() {
  local new=${2%/*}/.${2##*/}.new
  "${@:3}" "$1" "$new"
  mv -fT "$new" "$2"
}

# back_up FILE: what was there before the first installation is put back by uninstall.sh; the rest is there for you.
back_up() {
  if [[ ! -e $1 || $written == *" $1 "* ]]; then return; fi
  local folder=$record/$started
  is_recorded "$1" || folder=$record/before
  install -d -m 0700 "$record" "$folder"
  cp -a --parents "$1" "$folder"
  printf '  what was there is in %s\n' "$folder$1"
}

# put SOURCE TARGET MODE: a file of ours, unless it is there already.
put() {
  if [[ -f $2 && $(stat -c %a "$2") == "$3" ]] && cmp -s "$1" "$2"; then return; fi
  change "write $2" || return 0
  back_up "$2"
  install -d -m 0700 $record
  is_recorded "$2" || printf '%s\n' "$2" >>$record/files
  place "$1" "$2" install -D -m "$3"
  written+="$2 "
}
