/** Images of all engines as one list (classic Swarm: grouped by id, newest first). Pure. */
import { type ImageSummary, imageSummarySchema } from '../../wire/docker.js';

/** Merges lists of several engines: by id, tags and digests without duplicates, newest first. */
export function mergeImages(lists: readonly unknown[]): ImageSummary[] {
  const byId = new Map<string, ImageSummary>();
  for (const list of lists) {
    for (const entry of Array.isArray(list) ? list : []) {
      const parsed = imageSummarySchema.safeParse(entry);
      if (!parsed.success) continue;
      const known = byId.get(parsed.data.Id);
      byId.set(parsed.data.Id, known === undefined ? parsed.data : merged(known, parsed.data));
    }
  }
  return [...byId.values()].sort((a, b) => (b.Created ?? 0) - (a.Created ?? 0));
}

function merged(one: ImageSummary, other: ImageSummary): ImageSummary {
  return {
    ...one,
    RepoTags: union(one.RepoTags, other.RepoTags, '<none>:<none>'),
    RepoDigests: union(one.RepoDigests, other.RepoDigests, '<none>@<none>'),
  };
}

/** Nameless only where no engine has a name for it. */
function union(
  one: readonly string[] | null | undefined,
  other: readonly string[] | null | undefined,
  nameless: string,
): string[] {
  const all = [...new Set([...(one ?? []), ...(other ?? [])])];
  const named = all.filter((name) => name !== nameless);
  return named.length > 0 ? named : all;
}

/** Whether an image is what `reference` means: id or its beginning, `repo:tag`, digest, `repo`. */
export function isImage({ Id, RepoTags, RepoDigests }: ImageSummary, reference: string): boolean {
  const bareId = Id.replace('sha256:', '');
  const bare = reference.replace('sha256:', '');
  if (/^[0-9a-f]{3,64}$/.test(bare) && bareId.startsWith(bare)) return true;
  if ((RepoDigests ?? []).includes(reference)) return true;
  const hasTag = /:[^/]*$/.test(reference);
  return (RepoTags ?? []).some((tag) => tag === (hasTag ? reference : `${reference}:latest`));
}
