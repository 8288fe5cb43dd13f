import "./styles/index.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { Broken } from "./app/routes/broken";
import { loadConfig } from "./config/runtime";
import { configureApi } from "./lib/api/client";
import { keepSession } from "./lib/session/refresh";
import { watchTheme } from "./lib/theme";

async function open(): Promise<void> {
  const place = document.getElementById("root");
  if (!place) throw new Error("index.html has no #root.");
  const root = createRoot(place);
  watchTheme();
  try {
    configureApi(await loadConfig());
  } catch {
    root.render(<Broken />);
    return;
  }
  keepSession();
  root.render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

void open();
