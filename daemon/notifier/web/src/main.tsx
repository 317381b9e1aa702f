import { render } from "preact";
import { App } from "./app";
import { applyTheme, start } from "./state/session";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/forms.css";
import "./styles/tables.css";
import "./styles/charts.css";

applyTheme();
const root = document.getElementById("app");
if (root) render(<App />, root);
void start();
