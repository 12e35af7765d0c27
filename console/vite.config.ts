import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The console is built into ./built, which the Go program embeds. Two builds of the same sources are the same bytes: .ci/console compares.
export default defineConfig({
	base: "/console/",
	plugins: [react()],
	build: {
		outDir: "built",
		emptyOutDir: true,
		target: "baseline-widely-available",
		// Nothing comes as a data: URL, which the Content-Security-Policy has no place for.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		// The notices of what is bundled, served beside it.
		license: { fileName: "licenses.txt" },
		reportCompressedSize: false,
	},
	server: {
		// npx vite serves the sources beside a program that runs at the usual address.
		proxy: { "/public": "http://127.0.0.1:8080", "/auth": "http://127.0.0.1:8080" },
	},
});
