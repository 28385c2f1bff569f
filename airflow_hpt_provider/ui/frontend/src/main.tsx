import "./style/index.css";

import { render } from "preact";

import { placeOf } from "./address";
import { loadCharts } from "./charts/Chart";
import { ConnectionList } from "./parts/ConnectionList";
import { JobList } from "./parts/JobList";
import { TaskPage } from "./parts/TaskPage";
import { applyTheme, currentTheme, useTheme } from "./theme";

function Page() {
  const theme = useTheme();
  const base = new URL(document.baseURI).pathname;
  const place = placeOf(window.location.pathname, window.location.search, base);
  if (place.kind === "task") return <TaskPage task={place.task} theme={theme} />;
  if (place.kind === "connection") return <ConnectionList connection={place.connection} />;
  return <JobList place={place} />;
}

applyTheme(currentTheme()); // before the first paint
render(<Page />, document.getElementById("page") as HTMLElement);
// While the data are on their way. A chart that needs it later says that it could not be loaded.
requestAnimationFrame(() => void loadCharts().catch(() => undefined));
