import "./styles/index.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { ErrorPage } from "./app/routes/error-page";
import { loadConfig } from "./config/runtime";
import { configureApi } from "./lib/api/client";
import { initializeSession } from "./lib/session/refresh";
import { watchTheme } from "./lib/theme";
import { followTranslations } from "./lib/translated-text";

async function start(): Promise<void> {
  const container = document.getElementById("root");
  if (!container) throw new Error("index.html has no #root.");
  const root = createRoot(container);
  watchTheme();
  followTranslations();
  try {
    configureApi(await loadConfig());
  } catch {
    root.render(<ErrorPage />);
    return;
  }
  initializeSession();
  root.render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

void start();
