# Sourced by run.sh and test.sh: the virtual environment, FluidSynth and a browser, each only where it is missing.

say() { printf '%s\n' "latent-jam: $*" >&2; }

suitable() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.12 python3.11 python3.13 python3.10 python; do
        if suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    say "Python 3.10 to 3.13 is needed and was not found. Install it, or set PYTHON to its path."
    return 1
}

# make_environment FOLDER REQUIREMENTS: a virtual environment with these requirements, made again only when they change.
make_environment() {
    local folder=$1 requirements=$2 python wanted
    wanted=$(cat requirements*.txt | cksum)-$requirements
    if [ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    python=$(find_python)
    if [ ! -x "$folder/bin/python" ] && ! "$python" -m venv "$folder"; then
        rm -rf "$folder"
        say "$python cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv"
        return 1
    fi
    say "installing $requirements into $folder (once, takes a few minutes)"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    echo "$wanted" >"$folder/installed"
}

# make_environment_over BASE FOLDER REQUIREMENTS: a virtual environment that has what BASE has, and these requirements.
make_environment_over() {
    local base=$1 folder=$2 requirements=$3 wanted
    wanted=$(cat requirements*.txt "$requirements" "$(dirname "$requirements")/requirements.txt" | cksum)
    if [ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    say "installing $requirements into $folder (once)"
    "$base/bin/python" -m venv "$folder"
    local packages='import sysconfig; print(sysconfig.get_path("purelib"))'
    "$base/bin/python" -c "$packages" >"$("$folder/bin/python" -c "$packages")/base.pth"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    echo "$wanted" >"$folder/installed"
}

# install_packages NAME...: Debian packages, as root or with sudo; fails where neither is possible.
install_packages() {
    local root=()
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || return 1
        # Without a terminal nobody can type a password.
        if [ -t 0 ]; then root=(sudo); else root=(sudo -n); fi
    fi
    say "installing $*"
    "${root[@]}" apt-get update -qq >/dev/null 2>&1 || true
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

# get_fluidsynth VENV: FluidSynth for sound. Without it the app runs and says how to install it.
get_fluidsynth() {
    if "$1/bin/python" -c 'import fluidsynth' >/dev/null 2>&1; then
        return
    fi
    install_packages fluidsynth fluid-soundfont-gm ||
        { command -v brew >/dev/null && say "installing fluid-synth" && brew install --quiet fluid-synth; } ||
        say "FluidSynth could not be installed here: the app runs, but silently. The page says how to install it."
}

find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# get_browser VENV: a Chromium for the browser tests.
get_browser() {
    find_browser >/dev/null || install_packages chromium || "$1/bin/python" -m playwright install chromium
}
