/* The logo of an organization: a picture, of which a square is chosen. The browser decodes, crops and encodes it; what is sent is small. */

import { useEffect, useRef, useState } from "react";
import { url } from "../../api/client";
import { related, type Answer, type Resource } from "../../api/document";
import type { Organization } from "../../api/resources";
import { useRead, useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Kind } from "../../parts/icons";
import { notify } from "../../parts/live";
import { Button, Section } from "../../parts/small";
import { t } from "../../words/message";

type File = Resource<{ signedUrl?: string | null }>;

/** The side of what is sent, in pixels, and what may be chosen at most. */
const side = 512;
const largest = 20 << 20;

/** Returns where a picture is read here: the URL of the API may have another host in front. */
function here(file: File | undefined): string | undefined {
	const signed = file?.attributes.signedUrl;
	if (!signed) return undefined;
	const at = new URL(signed, location.href);
	return `${at.pathname}${at.search}&size=128`;
}

/** Reads the logo of an organization; nothing if it has none. */
export function useLogo(organizations: string, id: string) {
	const read = useRead<Organization>(url(`${organizations}/${id}`, { include: "logo", "fields[organizations]": "logo" }), {
		every: 300_000,
	});
	const file = related(read.data, read.data?.data, "logo") as File | undefined;
	return { file, at: here(file) };
}

export function Logo({ answer, organizations, not }: { answer: Answer<Organization>; organizations: string; not: string | false }) {
	const { id, attributes } = answer.data;
	const { file, at } = useLogo(organizations, id);
	const input = useRef<HTMLInputElement>(null);
	const [chosen, setChosen] = useState<Blob | null>(null);
	const [wrong, setWrong] = useState("");
	const remove = useSend(() => notify(t("organization.logo.removedTheLogo")));
	return (
		<Section id="logo" title={t("organization.logo.logo")}>
			<div className="row wrap gap3">
				<span className="kind-tile logo">
					{at ? <img src={at} alt={t("organization.logo.logoOf", { name: attributes.name })} /> : <Kind kind={attributes.kind} />}
				</span>
				<input
					ref={input}
					type="file"
					accept="image/png,image/jpeg,image/webp,image/gif"
					hidden
					aria-label={t("organization.logo.picture")}
					onChange={(e) => {
						const picture = e.target.files?.[0];
						e.target.value = "";
						if (!picture) return;
						setWrong(picture.size > largest ? t("organization.logo.aPictureOf20Mb") : "");
						if (picture.size <= largest) setChosen(picture);
					}}
				/>
				<Button not={not} onClick={() => input.current?.click()}>
					{file ? t("organization.logo.chooseAnother") : t("organization.logo.chooseAPicture")}
				</Button>
				{file && (
					<Button kind="danger" not={not} onClick={() => remove.mutate({ to: url(`files/${file.id}`), method: "DELETE" })}>
						{t("organization.logo.remove")}
					</Button>
				)}
			</div>
			{wrong && (
				<p className="fault" role="alert">
					{wrong}
				</p>
			)}
			<Faults error={remove.error} />
			{chosen && (
				<Crop
					picture={chosen}
					organization={id}
					organizations={organizations}
					close={() => setChosen(null)}
					failed={() => {
						setChosen(null);
						setWrong(t("organization.logo.thatIsNoPictureThat"));
					}}
				/>
			)}
		</Section>
	);
}

interface CropProps {
	picture: Blob;
	organization: string;
	organizations: string;
	close: () => void;
	/** Called when the browser cannot decode it. */
	failed: () => void;
}

function Crop({ picture, organization, organizations, close, failed }: CropProps) {
	const canvas = useRef<HTMLCanvasElement>(null);
	const [bitmap, setBitmap] = useState<ImageBitmap | null>(null);
	const [at, setAt] = useState({ x: 50, y: 50, zoom: 100 });
	const fail = useRef(failed);
	useEffect(() => {
		let gone = false;
		createImageBitmap(picture).then(
			(b) => (gone ? b.close() : setBitmap(b)),
			() => !gone && fail.current(),
		);
		return () => {
			gone = true;
		};
	}, [picture]);
	useEffect(() => {
		const to = canvas.current?.getContext("2d");
		if (!to || !bitmap) return;
		const size = (Math.min(bitmap.width, bitmap.height) * 100) / at.zoom;
		to.clearRect(0, 0, side, side);
		to.imageSmoothingQuality = "high";
		to.drawImage(bitmap, ((bitmap.width - size) * at.x) / 100, ((bitmap.height - size) * at.y) / 100, size, size, 0, 0, side, side);
	}, [bitmap, at]);
	const point = useSend(() => {
		close();
		notify(t("organization.logo.theLogoIsSet"));
	});
	const upload = useSend<File>((a) =>
		point.mutate({
			to: url(`${organizations}/${organization}/relationships/logo`),
			method: "PATCH",
			body: { data: { type: "files", id: a.data.id } },
		}),
	);
	const busy = upload.isPending || point.isPending;
	const submit = () => {
		if (!bitmap || busy) return;
		canvas.current?.toBlob((blob) => {
			if (blob) upload.mutate({ to: url("files", { organizationId: organization }), method: "POST", file: blob });
		}, "image/png");
	};
	const slider = (label: string, name: keyof typeof at, min: number, max: number) => (
		<label className="slider">
			<span className="label">{label}</span>
			<input
				type="range"
				min={min}
				max={max}
				value={at[name]}
				onChange={(e) => setAt((now) => ({ ...now, [name]: Number(e.target.value) }))}
			/>
		</label>
	);
	return (
		<FormDialog
			title={t("organization.logo.whichSquareOfIt")}
			intro={t("organization.logo.itIsCutOutHere")}
			close={close}
			submit={submit}
			act={t("organization.logo.setTheLogo")}
			not={!bitmap ? t("organization.logo.itIsBeingRead") : false}
			busy={busy}
			error={upload.error ?? point.error}
		>
			<canvas ref={canvas} className="crop" width={side} height={side} role="img" aria-label={t("organization.logo.whatIsCutOut")} />
			{slider(t("organization.logo.leftToRight"), "x", 0, 100)}
			{slider(t("organization.logo.topToBottom"), "y", 0, 100)}
			{slider(t("organization.logo.nearer"), "zoom", 100, 400)}
		</FormDialog>
	);
}
