# Keeps the output of workers small, and forgets that of topologies that are gone for a week.
while sleep 30; do
  find workers -type f \( -name stdout -o -name stderr \) -size +10M | while IFS= read -r file; do
    cp "$file" "$file.1" && : > "$file"
  done
  for folder in workers/*/; do
    recent=$(find "$folder" -type f -mtime -7 | head -n 1)
    alive=''
    for file in "$folder"*/worker.pid; do
      if [ -f "$file" ] && [ -d "/proc/$(cat "$file")" ]; then alive=yes; fi
    done
    if [ -d "$folder" ] && [ -z "$recent$alive" ]; then rm -rf "$folder"; fi
  done
done
