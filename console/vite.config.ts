import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { words } from "./words.ts";

const everywhere =
	/\/node_modules\/(react|react-dom|scheduler|use-sync-external-store|wouter|@tanstack)\/|\/src\/(api|words)\/|\/src\/parts\/(as-curl|boundary|choices|failure|first|focus|icons|listing|live|menu|later|more|organization-name|position|preferences|rows|small|unsaved|virtual|whole)\.tsx?|\/src\/frame\/(Bars|Frame|Side|does|find|keys|moving|page|recognize|rows|tree-store)\.tsx?|\/src\/screens\/query-state|preload-helper/;

/** What an organization is looked at and worked on with. It is one file for the same reason; the first lists do not wait for it. */
const deeds =
	/\/src\/(screens\/(organization|rotation)\/|screens\/webhooks\/(?!health|standing)|screens\/keys\/(Create|Rotation|Secret|Token)|screens\/(Account|Deleted|Person|Restore|change|operations|permission-matrix|permissions|sign-in-form|door|door-art|Reset|Invitation)\.)/;

// The console is built into ./built, which the Go program embeds. Two builds of the same sources are the same bytes: .ci/console compares.
export default defineConfig({
	base: "/console/",
	plugins: [words(), react()],
	resolve: {
		alias: [
			// React has it: what stands in for it in older ones is not needed.
			{ find: /^use-sync-external-store\/shim(\/index\.js)?$/, replacement: "react" },
			{
				find: /^use-sync-external-store\/shim\/with-selector(\.js)?$/,
				replacement: fileURLToPath(new URL("./src/parts/with-selector.ts", import.meta.url)),
			},
		],
	},
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
		rolldownOptions: {
			output: {
				// What every page has is one file: many small ones compress worse, and each is a request.
				codeSplitting: {
					groups: [
						{ name: "base", test: everywhere, priority: 2 },
						{ name: "deeds", test: deeds, priority: 1, includeDependenciesRecursively: false },
					],
				},
			},
		},
	},
	server: {
		// npx vite serves the sources beside a program that runs at the usual address.
		proxy: { "/public": "http://127.0.0.1:8080", "/auth": "http://127.0.0.1:8080" },
	},
});
