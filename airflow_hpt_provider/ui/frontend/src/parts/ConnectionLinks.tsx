/** Links to the lists of all tuning jobs, one for each connection that the user may read. */

import { useEffect, useState } from "preact/hooks";

import { connectionPage, get } from "../api";

export function ConnectionLinks() {
  const [connections, setConnections] = useState<string[]>([]);
  useEffect(() => {
    // Without them the page is complete: most users may read no connection.
    get<{ connections: string[] }>("api/connections").then(
      ({ value }) => setConnections(value?.connections ?? []),
      () => undefined,
    );
  }, []);
  if (!connections.length) return null;
  return (
    <nav class="muted small" aria-label="All tuning jobs of a connection">
      All tuning jobs of{" "}
      {connections.map((name, index) => (
        <>
          {index > 0 && ", "}
          <a href={connectionPage(name)}>{name}</a>
        </>
      ))}
    </nav>
  );
}
