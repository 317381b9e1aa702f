// Tells about runs that end while somebody looks, wherever in the page they are.

import { outcomeNote } from "../core/run_events";
import { href } from "../core/router";
import { onEvents } from "./live";
import { toast } from "./toasts";

const mostAtOnce = 3;

export function announceOutcomes(): () => void {
  return onEvents((events) => {
    const notes = events.flatMap((event) => {
      const note = outcomeNote(event);
      return note ? [{ ...note, href: href(["runs", event.run]) }] : [];
    });
    for (const note of notes.slice(0, mostAtOnce)) toast(note.tone, note.title, note);
    if (notes.length > mostAtOnce)
      toast("live", `${notes.length - mostAtOnce} more runs ended`, { href: href(["runs"]) });
  });
}
