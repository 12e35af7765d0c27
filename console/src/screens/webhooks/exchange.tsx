/* What went out with an attempt and what came back: set out for reading, and byte for byte. */

import "../../styles/reading.css";
import { useState, type ReactNode } from "react";
import { quoted } from "../../api/client";
import type { Attempt } from "../../api/resources";
import { copy } from "../../parts/live";
import { Button } from "../../parts/small";
import { visible } from "../../words/count";
import type { Entry } from "./Inspector";
import { statusLine } from "./health";
import { Segments } from "../../parts/choices";
import { rich, t } from "../../words/message";
import { setOut } from "./json";

const forms = [
	["read", t("webhooks.exchange.formatted")],
	["raw", "Raw"],
	["curl", "curl"],
	["verify", t("webhooks.exchange.verify")],
] as const;
type Form = (typeof forms)[number][0];

interface Sent {
	method: string;
	url: string;
	httpVersion?: string | null;
	headers: [string, string][];
	body: string;
	bodyBytes: number;
	truncated?: boolean;
}

interface Came {
	headers?: [string, string][] | null;
	head?: string | null;
	bodyBytes?: number | null;
	truncated?: boolean;
}

interface Signed {
	signedContent: string;
	scheme?: string | null;
	secretIds?: string[];
}

export function Answer({ attempt, entry, keptUntil }: { attempt: Attempt | undefined; entry: Entry; keptUntil: string }) {
	const came = attempt?.attributes.response as Came | undefined;
	const bytes = came?.bodyBytes;
	const [asked, ask] = useState<"read" | "raw">("read");
	const readable = came?.head && !came.truncated ? setOut(came.head) : null;
	const as = readable === null ? "raw" : asked;
	return (
		<section className="card" aria-labelledby="rs">
			<header>
				<h3 id="rs">{t("webhooks.exchange.answer")}</h3>
				<span className="second quiet end">
					{[bytes != null && t("webhooks.exchange.bytesByte", { bytes }), keptUntil].filter(Boolean).join(" · ")}
				</span>
			</header>
			{readable !== null && <HowItIsShown as={as} choose={ask} />}
			{entry.status ? (
				<pre
					className="code"
					data-wraps={as === "read" ? "" : undefined}
					tabIndex={0}
					role="region"
					aria-label={as === "read" ? t("webhooks.exchange.answerFormatted") : t("webhooks.exchange.answerRaw")}
				>
					{(entry.protocol ?? "HTTP").replace("HTTP/2.0", "HTTP/2")}{" "}
					{entry.errorCode ? <mark>{statusLine(entry.status)}</mark> : statusLine(entry.status)}
					{"\n"}
					<Headers of={came?.headers ?? []} />
					{"\n"}
					{came?.head ? (
						<Json text={as === "read" ? (readable ?? "") : came.head} />
					) : (
						<span className="q">
							{attempt ? t(bytes === 0 ? "webhooks.exchange.noBody" : "webhooks.exchange.noBodyOrNotKept") : ""}
						</span>
					)}
					{came?.truncated && <span className="q"> {t("webhooks.exchange.longerThanWhatIsKept")}</span>}
				</pre>
			) : (
				<div className="body">
					<p className="second">
						{entry.detail
							? t("webhooks.exchange.thereWasNoAnswer", { detail: entry.detail })
							: t("webhooks.exchange.thereWasNoAnswer2")}
					</p>
				</div>
			)}
		</section>
	);
}

/** Says whether a body is shown as it came, and leads to the other form of it. */
function HowItIsShown({ as, choose }: { as: "read" | "raw"; choose: (as: "read" | "raw") => void }) {
	const read = as === "read";
	return (
		<p className="second quiet shownas">
			{read ? t("webhooks.exchange.formattedForReading") : t("webhooks.exchange.asItCame")}{" "}
			<button className="link" type="button" onClick={() => choose(read ? "raw" : "read")}>
				{read ? t("webhooks.exchange.showEachByte") : t("webhooks.exchange.showItFormatted")}
			</button>
		</p>
	);
}

export function RequestCard({ attempt }: { attempt: Attempt }) {
	const [asked, setAs] = useState<Form>("read");
	const sent = attempt.attributes.request as unknown as Sent | null;
	const signed = attempt.attributes.signature as unknown as Signed | null;
	if (!sent) {
		return (
			<section className="card" aria-labelledby="rq">
				<header>
					<h3 id="rq">{t("common.request")}</h3>
				</header>
				<div className="body">
					<p className="second">{t("webhooks.exchange.itIsNotKeptAny")}</p>
				</div>
			</section>
		);
	}
	const readable = sent.truncated ? null : setOut(sent.body);
	const as = readable === null && asked === "read" ? "raw" : asked;
	const bytes = as === "read" || as === "raw";
	// What is copied is what was sent, also where it is shown formatted: something else would not verify.
	const text = bytes ? rawText(sent) : as === "curl" ? curlOf(sent) : (signed?.signedContent ?? "");
	return (
		<section className="card" aria-labelledby="rq">
			<header className="wrapped">
				<h3 id="rq">{t("common.request")}</h3>
				<span className="second quiet">{t("webhooks.exchange.bodybytesByte", { bodyBytes: sent.bodyBytes })}</span>
				<span className="end row wrap">
					<Button
						kind="bare"
						small
						icon="copy"
						onClick={() =>
							void copy(text, as === "verify" ? t("webhooks.exchange.whatWasSigned") : t("webhooks.exchange.theRequest"))
						}
					>
						{t("webhooks.exchange.copy")}
					</Button>
					<Segments
						label={t("webhooks.exchange.requestAs")}
						of={readable === null ? forms.slice(1) : forms}
						value={as}
						choose={setAs}
					/>
				</span>
			</header>
			{bytes && readable !== null && <HowItIsShown as={as} choose={setAs} />}
			{bytes && (
				<pre
					className="code"
					data-wraps={as === "read" ? "" : undefined}
					tabIndex={0}
					role="region"
					aria-label={as === "read" ? t("webhooks.exchange.requestFormatted") : t("webhooks.exchange.requestRaw")}
				>
					<span className="k">{sent.method}</span> {visible(target(sent))} {version(sent)}
					{"\n"}
					<Headers of={sent.headers} />
					{"\n"}
					<Json text={as === "read" ? (readable ?? "") : sent.body} />
					{sent.truncated && <span className="q"> {t("webhooks.exchange.longerThanWhatIsTold")}</span>}
				</pre>
			)}
			{as === "curl" && (
				<pre className="code" tabIndex={0} role="region" aria-label={t("webhooks.exchange.requestAsCurl")}>
					{visible(curlOf(sent))}
				</pre>
			)}
			{as === "verify" && <Verify signed={signed} sent={sent} />}
		</section>
	);
}

function Verify({ signed, sent }: { signed: Signed | null; sent: Sent }) {
	if (!signed)
		return (
			<div className="body">
				<p className="second">{t("webhooks.exchange.howItWasSignedIs")}</p>
			</div>
		);
	const signature = sent.headers.find(([name]) => name.toLowerCase() === "webhook-signature")?.[1] ?? "";
	return (
		<>
			<div className="body stack gap3">
				<p className="second">
					{signed.scheme === "v1a"
						? rich("webhooks.exchange.theseBytesWereSignedWith")
						: rich("webhooks.exchange.theseBytesWereSignedWith2")}{" "}
					<span className="mono break">{visible(signature)}</span>.
				</p>
				<p className="second">{rich("webhooks.exchange.takeTheBodyAsIt", { a: (words) => <a href="/docs">{words}</a> })}</p>
			</div>
			<pre className="code" tabIndex={0} role="region" aria-label={t("webhooks.exchange.whatWasSigned2")}>
				{visible(signed.signedContent)}
			</pre>
		</>
	);
}

function Headers({ of }: { of: [string, string][] }): ReactNode {
	return of.map(([name, value], i) => (
		<span key={i}>
			<span className="q">{visible(name).toLowerCase()}:</span> {visible(value)}
			{"\n"}
		</span>
	));
}

/** Shows a text as it came, with the strings of JSON set off. */
function Json({ text }: { text: string }): ReactNode {
	const parts = visible(text).split(/("(?:[^"\\]|\\.)*")/);
	return parts.map((p, i) =>
		i % 2 && !/^\s*:/.test(parts[i + 1] ?? "") ? (
			<span key={i} className="s">
				{p}
			</span>
		) : (
			p
		),
	);
}

/** What the first line of a request asks for: the path and the query of its URL. */
function target(sent: Sent): string {
	const { pathname, search } = new URL(sent.url);
	return pathname + search;
}

function version(sent: Sent): string {
	return (sent.httpVersion ?? "HTTP/1.1").replace("HTTP/2.0", "HTTP/2");
}

function rawText(sent: Sent): string {
	return `${sent.method} ${target(sent)} ${version(sent)}\n${sent.headers.map(([n, v]) => `${n}: ${v}`).join("\n")}\n\n${sent.body}`;
}

function curlOf(sent: Sent): string {
	const headers = sent.headers
		.filter(([n]) => !/^(content-length|host|accept-encoding)$/i.test(n))
		.map(([n, v]) => `-H ${quoted(`${n}: ${v}`)}`);
	return [`curl ${quoted(sent.url)}`, ...headers, `-d ${quoted(sent.body)}`].join(" \\\n  ");
}
