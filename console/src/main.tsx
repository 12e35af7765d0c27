import "@fontsource-variable/atkinson-hyperlegible-next/wght.css";
import "@fontsource-variable/atkinson-hyperlegible-mono/wght.css";
import "./styles/tokens.css";
import "./styles/components.css";
import "./styles/console.css";
import "./styles/rows.css";
import "./styles/boxes.css";
import "./styles/names.css";

import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { queries } from "./api/query";
import { Console } from "./Console";
import { letters } from "./parts/whole";
import { aroundNavigation } from "./parts/unsaved";

void letters().then(() => (document.documentElement.dataset.letters = ""));

createRoot(document.getElementById("console") as HTMLElement).render(
	<StrictMode>
		<CSPProvider disableStyleElements>
			<QueryClientProvider client={queries}>
				<Router base="/console" aroundNav={aroundNavigation}>
					<Console />
				</Router>
			</QueryClientProvider>
		</CSPProvider>
	</StrictMode>,
);
