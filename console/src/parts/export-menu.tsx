/* A list as a file: exactly what the filters show, all of it. It is streamed into a blob, which browsers keep on the disk when it is large, so
   that no list is too long for the page. */

import { useEffect, useRef, useState } from "react";
import { Failure, stream } from "../api/client";
import { Faults } from "./failure";
import { notify } from "./live";
import { Menu } from "./menu";
import { ExportWord } from "./export-word";
import { Button } from "./small";
import { t } from "../words/message";

const forms = { NDJSON: "application/x-ndjson", CSV: "text/csv" } as const;
type Form = keyof typeof forms;

export interface ExportProps {
	/** The request of the list. Its pages, counts and what it includes are left out: an export has none. */
	of: string | null;
	what: "people" | "memberships" | "deliveries" | "events" | "keys";
}

export default function ExportMenu({ of, what }: ExportProps) {
	const [bytes, setBytes] = useState<number | null>(null);
	const [error, setError] = useState<Failure | null>(null);
	const running = useRef<AbortController | null>(null);
	useEffect(() => () => running.current?.abort(), []);
	const begin = async (form: Form) => {
		if (!of) return;
		const control = new AbortController();
		running.current = control;
		setError(null);
		setBytes(0);
		try {
			const file = await fetchAll(whole(of), form, setBytes, control.signal);
			save(file.blob, file.name);
			notify(t("parts.export.exportedItIsComplete", { what, count: file.count }));
		} catch (e) {
			if (control.signal.aborted) notify(t("parts.export.theExportWasStoppedNothing"));
			else setError(e instanceof Failure ? e : brokenOff);
		}
		running.current = null;
		setBytes(null);
	};
	if (bytes !== null) {
		return (
			<span className="row second" role="status">
				{t("parts.export.mb", { toFixed: (bytes / 1e6).toFixed(1) })}
				<Button small onClick={() => running.current?.abort()}>
					{t("parts.export.stop")}
				</Button>
			</span>
		);
	}
	return (
		<>
			<Menu
				label={t("parts.export.exportThese", { what })}
				spoken
				className="button export"
				kind="bare"
				entries={(Object.keys(forms) as Form[]).map((form) => ({
					label: t("parts.export.exportTheseAs", { what, form }),
					icon: "save",
					act: () => void begin(form),
				}))}
			>
				<ExportWord />
			</Menu>
			<Faults error={error} />
		</>
	);
}

const brokenOff = new Failure(
	0,
	[{ status: "0", code: "", title: t("parts.export.brokenOff"), detail: t("parts.export.theExportBrokeOffIt") }],
	null,
	null,
);

/** Returns the request of the export of a list. */
export function whole(of: string): string {
	const [path, query = ""] = of.split("?");
	const kept = query.split("&").filter((p) => p && !/^(include|withCounts|page\[|fields\[)/.test(decodeURIComponent(p)));
	return path + (kept.length ? "?" + kept.join("&") : "");
}

/** Reads an export to its end. It fails if that is not the end of the list. */
async function fetchAll(at: string, form: Form, tell: (bytes: number) => void, signal: AbortSignal) {
	const response = await stream(at, forms[form], signal);
	const name = /filename="?([^";]+)/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? `export.${form.toLowerCase()}`;
	const end = new End(form);
	let bytes = 0;
	const counted = response.body?.pipeThrough(
		new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
			transform(part, out) {
				bytes += part.length;
				end.read(part);
				tell(bytes);
				out.enqueue(part);
			},
		}),
	);
	const blob = await new Response(counted, { headers: { "Content-Type": forms[form] } }).blob();
	return { blob, name, count: end.count() };
}

/** What the end of an export says. NDJSON has it in its last line. The trailer of CSV is kept from pages: there a broken export ends in an error, and lines are counted. */
class End {
	private last = "";
	private lines = 0;
	private quoted = false;
	private readonly text = new TextDecoder();

	constructor(private readonly form: Form) {}

	read(part: Uint8Array) {
		if (this.form === "NDJSON") {
			this.last = (this.last + this.text.decode(part, { stream: true })).slice(-200);
			return;
		}
		for (const byte of part) {
			if (byte === 0x22) this.quoted = !this.quoted;
			else if (byte === 0x0a && !this.quoted) this.lines++;
		}
	}

	/** Returns how many resources there were. It fails if the export has broken off. */
	count(): number {
		if (this.form === "CSV") return Math.max(this.lines - 1, 0);
		const said = /\{"meta":\{"complete":true,"count":(\d+)\}\}\s*$/.exec(this.last);
		if (!said) throw brokenOff;
		return Number(said[1]);
	}
}

function save(blob: Blob, name: string) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // when the browser has surely begun to write it
}
