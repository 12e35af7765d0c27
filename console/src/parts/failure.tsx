/* What a screen shows of a refusal. */

import { Suspense, useEffect, useState, type ReactNode } from "react";
import { Failure } from "../api/client";
import { Button, Copy } from "./small";
import { FindField } from "./find-field";
import { Icon } from "./icons";
import { later } from "./later";
import { Told } from "./told";
import { typing } from "./unsaved";
import { shortId } from "../words/count";
import { t } from "../words/message";

const Changed = later(() => import("../screens/organization/Changed"));

/**
 * Returns why what a page is about cannot be shown: it was refused, or it is gone since. While somebody types it stays, and with it what they
 * have typed.
 */
export function lost(read: { data?: unknown; error: unknown }): unknown {
	const gone = read.error instanceof Failure && read.error.status === 404 && !typing();
	return read.data && !gone ? null : read.error;
}

/** Shows why something was refused, and the way on. */
export function Refused({ error, again, children }: { error: unknown; again?: () => void; children?: ReactNode }) {
	if (!(error instanceof Failure)) throw error;
	if (error.status === 404) return <Missing />;
	if (error.status === 0) return <Unreachable again={again} />;
	if (error.status === 429 && error.retryAfter) return <TooMany seconds={error.retryAfter} again={again} />;
	const first = error.errors[0];
	return (
		<div className="empty" role="alert">
			<h2>{first?.title ?? t("common.refused")}</h2>
			{error.errors.map((e, i) => (
				<p className="second" key={i}>
					<Told>{e.detail}</Told>
				</p>
			))}
			{children}
			<div className="row wrap">
				{again && (
					<Button icon="again" onClick={again}>
						{t("common.again")}
					</Button>
				)}
				{error.requestId && (
					<Copy
						text={error.requestId}
						what={t("common.requestId")}
						shown={t("parts.failure.request", { id: shortId(error.requestId) })}
					/>
				)}
			</div>
		</div>
	);
}

/** One page for what is gone and for what the caller must not see. */
export function Missing() {
	return (
		<div className="empty">
			<h1>{t("common.nothingHere")}</h1>
			<p className="second">{t("parts.failure.itIsGoneOrIt")}</p>
			<FindField />
		</div>
	);
}

function Unreachable({ again }: { again?: () => void }) {
	return (
		<div className="empty" role="alert">
			<h2>{t("common.theServiceDoesNotAnswer")}</h2>
			<p className="second">{t("common.whatWasLoadedBeforeCan")}</p>
			{again && (
				<Button icon="again" onClick={again}>
					{t("common.again")}
				</Button>
			)}
		</div>
	);
}

/** Counts down, and goes on by itself. */
function TooMany({ seconds, again }: { seconds: number; again?: () => void }) {
	const [left, setLeft] = useState(seconds);
	useEffect(() => {
		if (left <= 0) {
			again?.();
			return;
		}
		const timer = setTimeout(() => setLeft(left - 1), 1000);
		return () => clearTimeout(timer);
	}, [left, again]);
	return (
		<div className="empty" role="alert">
			<h2>{t("parts.failure.tooManyRequests")}</h2>
			<p className="second">{t("parts.failure.itGoesOnByItself", { max: Math.max(left, 0) })}</p>
		</div>
	);
}

/** What was wrong with a form, above its buttons: all that no field shows. fields are the pointers of those that do. */
export function Faults({ error, fields = [] }: { error: Failure | null | undefined; fields?: string[] }) {
	if (!error) return null;
	const beside = (pointer = "") => fields.some((f) => pointer === f || pointer.startsWith(f + "/"));
	const rest = error.errors.filter((e) => !beside(e.source?.pointer));
	if (rest.length === 0 && error.errors.length > 0) return null;
	return (
		<div className="notice" data-is="bad" role="alert">
			<Icon name="alert" />
			<span>
				{error.status === 412 ? (
					<>
						{t("parts.failure.somebodyElseHasChangedIt")}{" "}
						{error.about && (
							<Suspense fallback={null}>
								<Changed id={error.about} />
							</Suspense>
						)}
					</>
				) : (
					<Told>{rest.length === 0 ? error.message : rest.map((e) => e.detail ?? e.title).join(" ")}</Told>
				)}
				{error.requestId && (
					<>
						<br />
						<Copy
							text={error.requestId}
							what={t("common.requestId")}
							shown={t("parts.failure.request", { id: shortId(error.requestId) })}
						/>
					</>
				)}
			</span>
		</div>
	);
}
