# Submits a topology, whose jar comes on standard input: jar.sh CLASS ARGUMENTS…
set -u
cd "$(dirname "$0")" || exit 1
folder=$(mktemp -d "$PWD/submit.XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
cat > "$folder/topology.jar" || exit 1
STORM_JAR="$folder/topology.jar" sh ./storm.sh "$@"
