// Generated from proto/ by scripts/gen-proto.ts. Do not edit.
import * as $protobuf from "protobufjs/minimal.js";
export { BufferReader } from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace moby. */
export namespace moby {

    /** Namespace filesync. */
    namespace filesync {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a CredentialsRequest.
             * @deprecated Use moby.filesync.v1.CredentialsRequest.$Properties instead.
             */
            interface ICredentialsRequest extends moby.filesync.v1.CredentialsRequest.$Properties {
            }

            /** Represents a CredentialsRequest. */
            class CredentialsRequest {

                /**
                 * Constructs a new CredentialsRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.CredentialsRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CredentialsRequest Host. */
                Host: string;

                /**
                 * Creates a new CredentialsRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CredentialsRequest instance
                 */
                static create(properties: moby.filesync.v1.CredentialsRequest.$Shape): moby.filesync.v1.CredentialsRequest & moby.filesync.v1.CredentialsRequest.$Shape;
                static create(properties?: moby.filesync.v1.CredentialsRequest.$Properties): moby.filesync.v1.CredentialsRequest;

                /**
                 * Encodes the specified CredentialsRequest message. Does not implicitly {@link moby.filesync.v1.CredentialsRequest.verify|verify} messages.
                 * @param message CredentialsRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.CredentialsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CredentialsRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.CredentialsRequest & moby.filesync.v1.CredentialsRequest.$Shape} CredentialsRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.CredentialsRequest & moby.filesync.v1.CredentialsRequest.$Shape;
            }

            namespace CredentialsRequest {

                /** Properties of a CredentialsRequest. */
                interface $Properties {

                    /** CredentialsRequest Host */
                    Host?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CredentialsRequest. */
                type $Shape = moby.filesync.v1.CredentialsRequest.$Properties;
            }

            /**
             * Properties of a CredentialsResponse.
             * @deprecated Use moby.filesync.v1.CredentialsResponse.$Properties instead.
             */
            interface ICredentialsResponse extends moby.filesync.v1.CredentialsResponse.$Properties {
            }

            /** Represents a CredentialsResponse. */
            class CredentialsResponse {

                /**
                 * Constructs a new CredentialsResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.CredentialsResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CredentialsResponse Username. */
                Username: string;

                /** CredentialsResponse Secret. */
                Secret: string;

                /**
                 * Creates a new CredentialsResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CredentialsResponse instance
                 */
                static create(properties: moby.filesync.v1.CredentialsResponse.$Shape): moby.filesync.v1.CredentialsResponse & moby.filesync.v1.CredentialsResponse.$Shape;
                static create(properties?: moby.filesync.v1.CredentialsResponse.$Properties): moby.filesync.v1.CredentialsResponse;

                /**
                 * Encodes the specified CredentialsResponse message. Does not implicitly {@link moby.filesync.v1.CredentialsResponse.verify|verify} messages.
                 * @param message CredentialsResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.CredentialsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CredentialsResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.CredentialsResponse & moby.filesync.v1.CredentialsResponse.$Shape} CredentialsResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.CredentialsResponse & moby.filesync.v1.CredentialsResponse.$Shape;
            }

            namespace CredentialsResponse {

                /** Properties of a CredentialsResponse. */
                interface $Properties {

                    /** CredentialsResponse Username */
                    Username?: (string|null);

                    /** CredentialsResponse Secret */
                    Secret?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CredentialsResponse. */
                type $Shape = moby.filesync.v1.CredentialsResponse.$Properties;
            }

            /**
             * Properties of a FetchTokenRequest.
             * @deprecated Use moby.filesync.v1.FetchTokenRequest.$Properties instead.
             */
            interface IFetchTokenRequest extends moby.filesync.v1.FetchTokenRequest.$Properties {
            }

            /** Represents a FetchTokenRequest. */
            class FetchTokenRequest {

                /**
                 * Constructs a new FetchTokenRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.FetchTokenRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** FetchTokenRequest ClientID. */
                ClientID: string;

                /** FetchTokenRequest Host. */
                Host: string;

                /** FetchTokenRequest Realm. */
                Realm: string;

                /** FetchTokenRequest Service. */
                Service: string;

                /** FetchTokenRequest Scopes. */
                Scopes: string[];

                /**
                 * Creates a new FetchTokenRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns FetchTokenRequest instance
                 */
                static create(properties: moby.filesync.v1.FetchTokenRequest.$Shape): moby.filesync.v1.FetchTokenRequest & moby.filesync.v1.FetchTokenRequest.$Shape;
                static create(properties?: moby.filesync.v1.FetchTokenRequest.$Properties): moby.filesync.v1.FetchTokenRequest;

                /**
                 * Encodes the specified FetchTokenRequest message. Does not implicitly {@link moby.filesync.v1.FetchTokenRequest.verify|verify} messages.
                 * @param message FetchTokenRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.FetchTokenRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a FetchTokenRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.FetchTokenRequest & moby.filesync.v1.FetchTokenRequest.$Shape} FetchTokenRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.FetchTokenRequest & moby.filesync.v1.FetchTokenRequest.$Shape;
            }

            namespace FetchTokenRequest {

                /** Properties of a FetchTokenRequest. */
                interface $Properties {

                    /** FetchTokenRequest ClientID */
                    ClientID?: (string|null);

                    /** FetchTokenRequest Host */
                    Host?: (string|null);

                    /** FetchTokenRequest Realm */
                    Realm?: (string|null);

                    /** FetchTokenRequest Service */
                    Service?: (string|null);

                    /** FetchTokenRequest Scopes */
                    Scopes?: (string[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a FetchTokenRequest. */
                type $Shape = moby.filesync.v1.FetchTokenRequest.$Properties;
            }

            /**
             * Properties of a FetchTokenResponse.
             * @deprecated Use moby.filesync.v1.FetchTokenResponse.$Properties instead.
             */
            interface IFetchTokenResponse extends moby.filesync.v1.FetchTokenResponse.$Properties {
            }

            /** Represents a FetchTokenResponse. */
            class FetchTokenResponse {

                /**
                 * Constructs a new FetchTokenResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.FetchTokenResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** FetchTokenResponse Token. */
                Token: string;

                /** FetchTokenResponse ExpiresIn. */
                ExpiresIn: (number|Long);

                /** FetchTokenResponse IssuedAt. */
                IssuedAt: (number|Long);

                /**
                 * Creates a new FetchTokenResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns FetchTokenResponse instance
                 */
                static create(properties: moby.filesync.v1.FetchTokenResponse.$Shape): moby.filesync.v1.FetchTokenResponse & moby.filesync.v1.FetchTokenResponse.$Shape;
                static create(properties?: moby.filesync.v1.FetchTokenResponse.$Properties): moby.filesync.v1.FetchTokenResponse;

                /**
                 * Encodes the specified FetchTokenResponse message. Does not implicitly {@link moby.filesync.v1.FetchTokenResponse.verify|verify} messages.
                 * @param message FetchTokenResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.FetchTokenResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a FetchTokenResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.FetchTokenResponse & moby.filesync.v1.FetchTokenResponse.$Shape} FetchTokenResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.FetchTokenResponse & moby.filesync.v1.FetchTokenResponse.$Shape;
            }

            namespace FetchTokenResponse {

                /** Properties of a FetchTokenResponse. */
                interface $Properties {

                    /** FetchTokenResponse Token */
                    Token?: (string|null);

                    /** FetchTokenResponse ExpiresIn */
                    ExpiresIn?: (number|Long|null);

                    /** FetchTokenResponse IssuedAt */
                    IssuedAt?: (number|Long|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a FetchTokenResponse. */
                type $Shape = moby.filesync.v1.FetchTokenResponse.$Properties;
            }

            /**
             * Properties of a GetTokenAuthorityRequest.
             * @deprecated Use moby.filesync.v1.GetTokenAuthorityRequest.$Properties instead.
             */
            interface IGetTokenAuthorityRequest extends moby.filesync.v1.GetTokenAuthorityRequest.$Properties {
            }

            /** Represents a GetTokenAuthorityRequest. */
            class GetTokenAuthorityRequest {

                /**
                 * Constructs a new GetTokenAuthorityRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.GetTokenAuthorityRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** GetTokenAuthorityRequest Host. */
                Host: string;

                /** GetTokenAuthorityRequest Salt. */
                Salt: Uint8Array;

                /**
                 * Creates a new GetTokenAuthorityRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns GetTokenAuthorityRequest instance
                 */
                static create(properties: moby.filesync.v1.GetTokenAuthorityRequest.$Shape): moby.filesync.v1.GetTokenAuthorityRequest & moby.filesync.v1.GetTokenAuthorityRequest.$Shape;
                static create(properties?: moby.filesync.v1.GetTokenAuthorityRequest.$Properties): moby.filesync.v1.GetTokenAuthorityRequest;

                /**
                 * Encodes the specified GetTokenAuthorityRequest message. Does not implicitly {@link moby.filesync.v1.GetTokenAuthorityRequest.verify|verify} messages.
                 * @param message GetTokenAuthorityRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.GetTokenAuthorityRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a GetTokenAuthorityRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.GetTokenAuthorityRequest & moby.filesync.v1.GetTokenAuthorityRequest.$Shape} GetTokenAuthorityRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.GetTokenAuthorityRequest & moby.filesync.v1.GetTokenAuthorityRequest.$Shape;
            }

            namespace GetTokenAuthorityRequest {

                /** Properties of a GetTokenAuthorityRequest. */
                interface $Properties {

                    /** GetTokenAuthorityRequest Host */
                    Host?: (string|null);

                    /** GetTokenAuthorityRequest Salt */
                    Salt?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a GetTokenAuthorityRequest. */
                type $Shape = moby.filesync.v1.GetTokenAuthorityRequest.$Properties;
            }

            /**
             * Properties of a GetTokenAuthorityResponse.
             * @deprecated Use moby.filesync.v1.GetTokenAuthorityResponse.$Properties instead.
             */
            interface IGetTokenAuthorityResponse extends moby.filesync.v1.GetTokenAuthorityResponse.$Properties {
            }

            /** Represents a GetTokenAuthorityResponse. */
            class GetTokenAuthorityResponse {

                /**
                 * Constructs a new GetTokenAuthorityResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.GetTokenAuthorityResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** GetTokenAuthorityResponse PublicKey. */
                PublicKey: Uint8Array;

                /**
                 * Creates a new GetTokenAuthorityResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns GetTokenAuthorityResponse instance
                 */
                static create(properties: moby.filesync.v1.GetTokenAuthorityResponse.$Shape): moby.filesync.v1.GetTokenAuthorityResponse & moby.filesync.v1.GetTokenAuthorityResponse.$Shape;
                static create(properties?: moby.filesync.v1.GetTokenAuthorityResponse.$Properties): moby.filesync.v1.GetTokenAuthorityResponse;

                /**
                 * Encodes the specified GetTokenAuthorityResponse message. Does not implicitly {@link moby.filesync.v1.GetTokenAuthorityResponse.verify|verify} messages.
                 * @param message GetTokenAuthorityResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.GetTokenAuthorityResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a GetTokenAuthorityResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.GetTokenAuthorityResponse & moby.filesync.v1.GetTokenAuthorityResponse.$Shape} GetTokenAuthorityResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.GetTokenAuthorityResponse & moby.filesync.v1.GetTokenAuthorityResponse.$Shape;
            }

            namespace GetTokenAuthorityResponse {

                /** Properties of a GetTokenAuthorityResponse. */
                interface $Properties {

                    /** GetTokenAuthorityResponse PublicKey */
                    PublicKey?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a GetTokenAuthorityResponse. */
                type $Shape = moby.filesync.v1.GetTokenAuthorityResponse.$Properties;
            }

            /**
             * Properties of a VerifyTokenAuthorityRequest.
             * @deprecated Use moby.filesync.v1.VerifyTokenAuthorityRequest.$Properties instead.
             */
            interface IVerifyTokenAuthorityRequest extends moby.filesync.v1.VerifyTokenAuthorityRequest.$Properties {
            }

            /** Represents a VerifyTokenAuthorityRequest. */
            class VerifyTokenAuthorityRequest {

                /**
                 * Constructs a new VerifyTokenAuthorityRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.VerifyTokenAuthorityRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** VerifyTokenAuthorityRequest Host. */
                Host: string;

                /** VerifyTokenAuthorityRequest Payload. */
                Payload: Uint8Array;

                /** VerifyTokenAuthorityRequest Salt. */
                Salt: Uint8Array;

                /**
                 * Creates a new VerifyTokenAuthorityRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns VerifyTokenAuthorityRequest instance
                 */
                static create(properties: moby.filesync.v1.VerifyTokenAuthorityRequest.$Shape): moby.filesync.v1.VerifyTokenAuthorityRequest & moby.filesync.v1.VerifyTokenAuthorityRequest.$Shape;
                static create(properties?: moby.filesync.v1.VerifyTokenAuthorityRequest.$Properties): moby.filesync.v1.VerifyTokenAuthorityRequest;

                /**
                 * Encodes the specified VerifyTokenAuthorityRequest message. Does not implicitly {@link moby.filesync.v1.VerifyTokenAuthorityRequest.verify|verify} messages.
                 * @param message VerifyTokenAuthorityRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.VerifyTokenAuthorityRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a VerifyTokenAuthorityRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.VerifyTokenAuthorityRequest & moby.filesync.v1.VerifyTokenAuthorityRequest.$Shape} VerifyTokenAuthorityRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.VerifyTokenAuthorityRequest & moby.filesync.v1.VerifyTokenAuthorityRequest.$Shape;
            }

            namespace VerifyTokenAuthorityRequest {

                /** Properties of a VerifyTokenAuthorityRequest. */
                interface $Properties {

                    /** VerifyTokenAuthorityRequest Host */
                    Host?: (string|null);

                    /** VerifyTokenAuthorityRequest Payload */
                    Payload?: (Uint8Array|null);

                    /** VerifyTokenAuthorityRequest Salt */
                    Salt?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a VerifyTokenAuthorityRequest. */
                type $Shape = moby.filesync.v1.VerifyTokenAuthorityRequest.$Properties;
            }

            /**
             * Properties of a VerifyTokenAuthorityResponse.
             * @deprecated Use moby.filesync.v1.VerifyTokenAuthorityResponse.$Properties instead.
             */
            interface IVerifyTokenAuthorityResponse extends moby.filesync.v1.VerifyTokenAuthorityResponse.$Properties {
            }

            /** Represents a VerifyTokenAuthorityResponse. */
            class VerifyTokenAuthorityResponse {

                /**
                 * Constructs a new VerifyTokenAuthorityResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.VerifyTokenAuthorityResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** VerifyTokenAuthorityResponse Signed. */
                Signed: Uint8Array;

                /**
                 * Creates a new VerifyTokenAuthorityResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns VerifyTokenAuthorityResponse instance
                 */
                static create(properties: moby.filesync.v1.VerifyTokenAuthorityResponse.$Shape): moby.filesync.v1.VerifyTokenAuthorityResponse & moby.filesync.v1.VerifyTokenAuthorityResponse.$Shape;
                static create(properties?: moby.filesync.v1.VerifyTokenAuthorityResponse.$Properties): moby.filesync.v1.VerifyTokenAuthorityResponse;

                /**
                 * Encodes the specified VerifyTokenAuthorityResponse message. Does not implicitly {@link moby.filesync.v1.VerifyTokenAuthorityResponse.verify|verify} messages.
                 * @param message VerifyTokenAuthorityResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.VerifyTokenAuthorityResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a VerifyTokenAuthorityResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.VerifyTokenAuthorityResponse & moby.filesync.v1.VerifyTokenAuthorityResponse.$Shape} VerifyTokenAuthorityResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.VerifyTokenAuthorityResponse & moby.filesync.v1.VerifyTokenAuthorityResponse.$Shape;
            }

            namespace VerifyTokenAuthorityResponse {

                /** Properties of a VerifyTokenAuthorityResponse. */
                interface $Properties {

                    /** VerifyTokenAuthorityResponse Signed */
                    Signed?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a VerifyTokenAuthorityResponse. */
                type $Shape = moby.filesync.v1.VerifyTokenAuthorityResponse.$Properties;
            }

            /**
             * Properties of a BytesMessage.
             * @deprecated Use moby.filesync.v1.BytesMessage.$Properties instead.
             */
            interface IBytesMessage extends moby.filesync.v1.BytesMessage.$Properties {
            }

            /** Represents a BytesMessage. */
            class BytesMessage {

                /**
                 * Constructs a new BytesMessage.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.filesync.v1.BytesMessage.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** BytesMessage data. */
                data: Uint8Array;

                /**
                 * Creates a new BytesMessage instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns BytesMessage instance
                 */
                static create(properties: moby.filesync.v1.BytesMessage.$Shape): moby.filesync.v1.BytesMessage & moby.filesync.v1.BytesMessage.$Shape;
                static create(properties?: moby.filesync.v1.BytesMessage.$Properties): moby.filesync.v1.BytesMessage;

                /**
                 * Encodes the specified BytesMessage message. Does not implicitly {@link moby.filesync.v1.BytesMessage.verify|verify} messages.
                 * @param message BytesMessage message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.filesync.v1.BytesMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a BytesMessage message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.filesync.v1.BytesMessage & moby.filesync.v1.BytesMessage.$Shape} BytesMessage
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.filesync.v1.BytesMessage & moby.filesync.v1.BytesMessage.$Shape;
            }

            namespace BytesMessage {

                /** Properties of a BytesMessage. */
                interface $Properties {

                    /** BytesMessage data */
                    data?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a BytesMessage. */
                type $Shape = moby.filesync.v1.BytesMessage.$Properties;
            }
        }
    }

    /** Namespace buildkit. */
    namespace buildkit {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a SolveRequest.
             * @deprecated Use moby.buildkit.v1.SolveRequest.$Properties instead.
             */
            interface ISolveRequest extends moby.buildkit.v1.SolveRequest.$Properties {
            }

            /** Represents a SolveRequest. */
            class SolveRequest {

                /**
                 * Constructs a new SolveRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.SolveRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SolveRequest Ref. */
                Ref: string;

                /** SolveRequest Definition. */
                Definition?: (pb.Definition.$Properties|null);

                /** SolveRequest ExporterDeprecated. */
                ExporterDeprecated: string;

                /** SolveRequest ExporterAttrsDeprecated. */
                ExporterAttrsDeprecated: { [k: string]: string };

                /** SolveRequest Session. */
                Session: string;

                /** SolveRequest Frontend. */
                Frontend: string;

                /** SolveRequest FrontendAttrs. */
                FrontendAttrs: { [k: string]: string };

                /** SolveRequest Cache. */
                Cache?: (moby.buildkit.v1.CacheOptions.$Properties|null);

                /** SolveRequest Entitlements. */
                Entitlements: string[];

                /** SolveRequest FrontendInputs. */
                FrontendInputs: { [k: string]: pb.Definition.$Properties };

                /** SolveRequest Internal. */
                Internal: boolean;

                /** SolveRequest SourcePolicy. */
                SourcePolicy?: (moby.buildkit.v1.sourcepolicy.Policy.$Properties|null);

                /** SolveRequest Exporters. */
                Exporters: moby.buildkit.v1.Exporter.$Properties[];

                /** SolveRequest EnableSessionExporter. */
                EnableSessionExporter: boolean;

                /** SolveRequest SourcePolicySession. */
                SourcePolicySession: string;

                /** SolveRequest CompatibilityVersion. */
                CompatibilityVersion: (number|Long);

                /** SolveRequest ProxyNetwork. */
                ProxyNetwork: boolean;

                /**
                 * Creates a new SolveRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns SolveRequest instance
                 */
                static create(properties: moby.buildkit.v1.SolveRequest.$Shape): moby.buildkit.v1.SolveRequest & moby.buildkit.v1.SolveRequest.$Shape;
                static create(properties?: moby.buildkit.v1.SolveRequest.$Properties): moby.buildkit.v1.SolveRequest;

                /**
                 * Encodes the specified SolveRequest message. Does not implicitly {@link moby.buildkit.v1.SolveRequest.verify|verify} messages.
                 * @param message SolveRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.SolveRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SolveRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.SolveRequest & moby.buildkit.v1.SolveRequest.$Shape} SolveRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.SolveRequest & moby.buildkit.v1.SolveRequest.$Shape;
            }

            namespace SolveRequest {

                /** Properties of a SolveRequest. */
                interface $Properties {

                    /** SolveRequest Ref */
                    Ref?: (string|null);

                    /** SolveRequest Definition */
                    Definition?: (pb.Definition.$Properties|null);

                    /** SolveRequest ExporterDeprecated */
                    ExporterDeprecated?: (string|null);

                    /** SolveRequest ExporterAttrsDeprecated */
                    ExporterAttrsDeprecated?: ({ [k: string]: string }|null);

                    /** SolveRequest Session */
                    Session?: (string|null);

                    /** SolveRequest Frontend */
                    Frontend?: (string|null);

                    /** SolveRequest FrontendAttrs */
                    FrontendAttrs?: ({ [k: string]: string }|null);

                    /** SolveRequest Cache */
                    Cache?: (moby.buildkit.v1.CacheOptions.$Properties|null);

                    /** SolveRequest Entitlements */
                    Entitlements?: (string[]|null);

                    /** SolveRequest FrontendInputs */
                    FrontendInputs?: ({ [k: string]: pb.Definition.$Properties }|null);

                    /** SolveRequest Internal */
                    Internal?: (boolean|null);

                    /** SolveRequest SourcePolicy */
                    SourcePolicy?: (moby.buildkit.v1.sourcepolicy.Policy.$Properties|null);

                    /** SolveRequest Exporters */
                    Exporters?: (moby.buildkit.v1.Exporter.$Properties[]|null);

                    /** SolveRequest EnableSessionExporter */
                    EnableSessionExporter?: (boolean|null);

                    /** SolveRequest SourcePolicySession */
                    SourcePolicySession?: (string|null);

                    /** SolveRequest CompatibilityVersion */
                    CompatibilityVersion?: (number|Long|null);

                    /** SolveRequest ProxyNetwork */
                    ProxyNetwork?: (boolean|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SolveRequest. */
                type $Shape = moby.buildkit.v1.SolveRequest.$Properties;
            }

            /**
             * Properties of an Exporter.
             * @deprecated Use moby.buildkit.v1.Exporter.$Properties instead.
             */
            interface IExporter extends moby.buildkit.v1.Exporter.$Properties {
            }

            /** Represents an Exporter. */
            class Exporter {

                /**
                 * Constructs a new Exporter.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.Exporter.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Exporter Type. */
                Type: string;

                /** Exporter Attrs. */
                Attrs: { [k: string]: string };

                /**
                 * Creates a new Exporter instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns Exporter instance
                 */
                static create(properties: moby.buildkit.v1.Exporter.$Shape): moby.buildkit.v1.Exporter & moby.buildkit.v1.Exporter.$Shape;
                static create(properties?: moby.buildkit.v1.Exporter.$Properties): moby.buildkit.v1.Exporter;

                /**
                 * Encodes the specified Exporter message. Does not implicitly {@link moby.buildkit.v1.Exporter.verify|verify} messages.
                 * @param message Exporter message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.Exporter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an Exporter message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.Exporter & moby.buildkit.v1.Exporter.$Shape} Exporter
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.Exporter & moby.buildkit.v1.Exporter.$Shape;
            }

            namespace Exporter {

                /** Properties of an Exporter. */
                interface $Properties {

                    /** Exporter Type */
                    Type?: (string|null);

                    /** Exporter Attrs */
                    Attrs?: ({ [k: string]: string }|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an Exporter. */
                type $Shape = moby.buildkit.v1.Exporter.$Properties;
            }

            /**
             * Properties of a CacheOptions.
             * @deprecated Use moby.buildkit.v1.CacheOptions.$Properties instead.
             */
            interface ICacheOptions extends moby.buildkit.v1.CacheOptions.$Properties {
            }

            /** Represents a CacheOptions. */
            class CacheOptions {

                /**
                 * Constructs a new CacheOptions.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.CacheOptions.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CacheOptions Exports. */
                Exports: moby.buildkit.v1.CacheOptionsEntry.$Properties[];

                /** CacheOptions Imports. */
                Imports: moby.buildkit.v1.CacheOptionsEntry.$Properties[];

                /**
                 * Creates a new CacheOptions instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CacheOptions instance
                 */
                static create(properties: moby.buildkit.v1.CacheOptions.$Shape): moby.buildkit.v1.CacheOptions & moby.buildkit.v1.CacheOptions.$Shape;
                static create(properties?: moby.buildkit.v1.CacheOptions.$Properties): moby.buildkit.v1.CacheOptions;

                /**
                 * Encodes the specified CacheOptions message. Does not implicitly {@link moby.buildkit.v1.CacheOptions.verify|verify} messages.
                 * @param message CacheOptions message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.CacheOptions.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CacheOptions message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.CacheOptions & moby.buildkit.v1.CacheOptions.$Shape} CacheOptions
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.CacheOptions & moby.buildkit.v1.CacheOptions.$Shape;
            }

            namespace CacheOptions {

                /** Properties of a CacheOptions. */
                interface $Properties {

                    /** CacheOptions Exports */
                    Exports?: (moby.buildkit.v1.CacheOptionsEntry.$Properties[]|null);

                    /** CacheOptions Imports */
                    Imports?: (moby.buildkit.v1.CacheOptionsEntry.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CacheOptions. */
                type $Shape = moby.buildkit.v1.CacheOptions.$Properties;
            }

            /**
             * Properties of a CacheOptionsEntry.
             * @deprecated Use moby.buildkit.v1.CacheOptionsEntry.$Properties instead.
             */
            interface ICacheOptionsEntry extends moby.buildkit.v1.CacheOptionsEntry.$Properties {
            }

            /** Represents a CacheOptionsEntry. */
            class CacheOptionsEntry {

                /**
                 * Constructs a new CacheOptionsEntry.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.CacheOptionsEntry.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CacheOptionsEntry Type. */
                Type: string;

                /** CacheOptionsEntry Attrs. */
                Attrs: { [k: string]: string };

                /**
                 * Creates a new CacheOptionsEntry instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CacheOptionsEntry instance
                 */
                static create(properties: moby.buildkit.v1.CacheOptionsEntry.$Shape): moby.buildkit.v1.CacheOptionsEntry & moby.buildkit.v1.CacheOptionsEntry.$Shape;
                static create(properties?: moby.buildkit.v1.CacheOptionsEntry.$Properties): moby.buildkit.v1.CacheOptionsEntry;

                /**
                 * Encodes the specified CacheOptionsEntry message. Does not implicitly {@link moby.buildkit.v1.CacheOptionsEntry.verify|verify} messages.
                 * @param message CacheOptionsEntry message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.CacheOptionsEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CacheOptionsEntry message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.CacheOptionsEntry & moby.buildkit.v1.CacheOptionsEntry.$Shape} CacheOptionsEntry
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.CacheOptionsEntry & moby.buildkit.v1.CacheOptionsEntry.$Shape;
            }

            namespace CacheOptionsEntry {

                /** Properties of a CacheOptionsEntry. */
                interface $Properties {

                    /** CacheOptionsEntry Type */
                    Type?: (string|null);

                    /** CacheOptionsEntry Attrs */
                    Attrs?: ({ [k: string]: string }|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CacheOptionsEntry. */
                type $Shape = moby.buildkit.v1.CacheOptionsEntry.$Properties;
            }

            /**
             * Properties of a SolveResponse.
             * @deprecated Use moby.buildkit.v1.SolveResponse.$Properties instead.
             */
            interface ISolveResponse extends moby.buildkit.v1.SolveResponse.$Properties {
            }

            /** Represents a SolveResponse. */
            class SolveResponse {

                /**
                 * Constructs a new SolveResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.SolveResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SolveResponse ExporterResponse. */
                ExporterResponse: { [k: string]: string };

                /**
                 * Creates a new SolveResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns SolveResponse instance
                 */
                static create(properties: moby.buildkit.v1.SolveResponse.$Shape): moby.buildkit.v1.SolveResponse & moby.buildkit.v1.SolveResponse.$Shape;
                static create(properties?: moby.buildkit.v1.SolveResponse.$Properties): moby.buildkit.v1.SolveResponse;

                /**
                 * Encodes the specified SolveResponse message. Does not implicitly {@link moby.buildkit.v1.SolveResponse.verify|verify} messages.
                 * @param message SolveResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.SolveResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SolveResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.SolveResponse & moby.buildkit.v1.SolveResponse.$Shape} SolveResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.SolveResponse & moby.buildkit.v1.SolveResponse.$Shape;
            }

            namespace SolveResponse {

                /** Properties of a SolveResponse. */
                interface $Properties {

                    /** SolveResponse ExporterResponse */
                    ExporterResponse?: ({ [k: string]: string }|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SolveResponse. */
                type $Shape = moby.buildkit.v1.SolveResponse.$Properties;
            }

            /**
             * Properties of a StatusRequest.
             * @deprecated Use moby.buildkit.v1.StatusRequest.$Properties instead.
             */
            interface IStatusRequest extends moby.buildkit.v1.StatusRequest.$Properties {
            }

            /** Represents a StatusRequest. */
            class StatusRequest {

                /**
                 * Constructs a new StatusRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.StatusRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** StatusRequest Ref. */
                Ref: string;

                /**
                 * Creates a new StatusRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns StatusRequest instance
                 */
                static create(properties: moby.buildkit.v1.StatusRequest.$Shape): moby.buildkit.v1.StatusRequest & moby.buildkit.v1.StatusRequest.$Shape;
                static create(properties?: moby.buildkit.v1.StatusRequest.$Properties): moby.buildkit.v1.StatusRequest;

                /**
                 * Encodes the specified StatusRequest message. Does not implicitly {@link moby.buildkit.v1.StatusRequest.verify|verify} messages.
                 * @param message StatusRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.StatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a StatusRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.StatusRequest & moby.buildkit.v1.StatusRequest.$Shape} StatusRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.StatusRequest & moby.buildkit.v1.StatusRequest.$Shape;
            }

            namespace StatusRequest {

                /** Properties of a StatusRequest. */
                interface $Properties {

                    /** StatusRequest Ref */
                    Ref?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a StatusRequest. */
                type $Shape = moby.buildkit.v1.StatusRequest.$Properties;
            }

            /**
             * Properties of a StatusResponse.
             * @deprecated Use moby.buildkit.v1.StatusResponse.$Properties instead.
             */
            interface IStatusResponse extends moby.buildkit.v1.StatusResponse.$Properties {
            }

            /** Represents a StatusResponse. */
            class StatusResponse {

                /**
                 * Constructs a new StatusResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.StatusResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** StatusResponse vertexes. */
                vertexes: moby.buildkit.v1.Vertex.$Properties[];

                /** StatusResponse statuses. */
                statuses: moby.buildkit.v1.VertexStatus.$Properties[];

                /** StatusResponse logs. */
                logs: moby.buildkit.v1.VertexLog.$Properties[];

                /** StatusResponse warnings. */
                warnings: moby.buildkit.v1.VertexWarning.$Properties[];

                /**
                 * Creates a new StatusResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns StatusResponse instance
                 */
                static create(properties: moby.buildkit.v1.StatusResponse.$Shape): moby.buildkit.v1.StatusResponse & moby.buildkit.v1.StatusResponse.$Shape;
                static create(properties?: moby.buildkit.v1.StatusResponse.$Properties): moby.buildkit.v1.StatusResponse;

                /**
                 * Encodes the specified StatusResponse message. Does not implicitly {@link moby.buildkit.v1.StatusResponse.verify|verify} messages.
                 * @param message StatusResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.StatusResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a StatusResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.StatusResponse & moby.buildkit.v1.StatusResponse.$Shape} StatusResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.StatusResponse & moby.buildkit.v1.StatusResponse.$Shape;
            }

            namespace StatusResponse {

                /** Properties of a StatusResponse. */
                interface $Properties {

                    /** StatusResponse vertexes */
                    vertexes?: (moby.buildkit.v1.Vertex.$Properties[]|null);

                    /** StatusResponse statuses */
                    statuses?: (moby.buildkit.v1.VertexStatus.$Properties[]|null);

                    /** StatusResponse logs */
                    logs?: (moby.buildkit.v1.VertexLog.$Properties[]|null);

                    /** StatusResponse warnings */
                    warnings?: (moby.buildkit.v1.VertexWarning.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a StatusResponse. */
                type $Shape = moby.buildkit.v1.StatusResponse.$Properties;
            }

            /**
             * Properties of a Vertex.
             * @deprecated Use moby.buildkit.v1.Vertex.$Properties instead.
             */
            interface IVertex extends moby.buildkit.v1.Vertex.$Properties {
            }

            /** Represents a Vertex. */
            class Vertex {

                /**
                 * Constructs a new Vertex.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.Vertex.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Vertex digest. */
                digest: string;

                /** Vertex inputs. */
                inputs: string[];

                /** Vertex name. */
                name: string;

                /** Vertex cached. */
                cached: boolean;

                /** Vertex started. */
                started?: (google.protobuf.Timestamp.$Properties|null);

                /** Vertex completed. */
                completed?: (google.protobuf.Timestamp.$Properties|null);

                /** Vertex error. */
                error: string;

                /** Vertex progressGroup. */
                progressGroup?: (pb.ProgressGroup.$Properties|null);

                /**
                 * Creates a new Vertex instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns Vertex instance
                 */
                static create(properties: moby.buildkit.v1.Vertex.$Shape): moby.buildkit.v1.Vertex & moby.buildkit.v1.Vertex.$Shape;
                static create(properties?: moby.buildkit.v1.Vertex.$Properties): moby.buildkit.v1.Vertex;

                /**
                 * Encodes the specified Vertex message. Does not implicitly {@link moby.buildkit.v1.Vertex.verify|verify} messages.
                 * @param message Vertex message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.Vertex.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Vertex message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.Vertex & moby.buildkit.v1.Vertex.$Shape} Vertex
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.Vertex & moby.buildkit.v1.Vertex.$Shape;
            }

            namespace Vertex {

                /** Properties of a Vertex. */
                interface $Properties {

                    /** Vertex digest */
                    digest?: (string|null);

                    /** Vertex inputs */
                    inputs?: (string[]|null);

                    /** Vertex name */
                    name?: (string|null);

                    /** Vertex cached */
                    cached?: (boolean|null);

                    /** Vertex started */
                    started?: (google.protobuf.Timestamp.$Properties|null);

                    /** Vertex completed */
                    completed?: (google.protobuf.Timestamp.$Properties|null);

                    /** Vertex error */
                    error?: (string|null);

                    /** Vertex progressGroup */
                    progressGroup?: (pb.ProgressGroup.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Vertex. */
                type $Shape = moby.buildkit.v1.Vertex.$Properties;
            }

            /**
             * Properties of a VertexStatus.
             * @deprecated Use moby.buildkit.v1.VertexStatus.$Properties instead.
             */
            interface IVertexStatus extends moby.buildkit.v1.VertexStatus.$Properties {
            }

            /** Represents a VertexStatus. */
            class VertexStatus {

                /**
                 * Constructs a new VertexStatus.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.VertexStatus.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** VertexStatus ID. */
                ID: string;

                /** VertexStatus vertex. */
                vertex: string;

                /** VertexStatus name. */
                name: string;

                /** VertexStatus current. */
                current: (number|Long);

                /** VertexStatus total. */
                total: (number|Long);

                /** VertexStatus timestamp. */
                timestamp?: (google.protobuf.Timestamp.$Properties|null);

                /** VertexStatus started. */
                started?: (google.protobuf.Timestamp.$Properties|null);

                /** VertexStatus completed. */
                completed?: (google.protobuf.Timestamp.$Properties|null);

                /**
                 * Creates a new VertexStatus instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns VertexStatus instance
                 */
                static create(properties: moby.buildkit.v1.VertexStatus.$Shape): moby.buildkit.v1.VertexStatus & moby.buildkit.v1.VertexStatus.$Shape;
                static create(properties?: moby.buildkit.v1.VertexStatus.$Properties): moby.buildkit.v1.VertexStatus;

                /**
                 * Encodes the specified VertexStatus message. Does not implicitly {@link moby.buildkit.v1.VertexStatus.verify|verify} messages.
                 * @param message VertexStatus message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.VertexStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a VertexStatus message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.VertexStatus & moby.buildkit.v1.VertexStatus.$Shape} VertexStatus
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.VertexStatus & moby.buildkit.v1.VertexStatus.$Shape;
            }

            namespace VertexStatus {

                /** Properties of a VertexStatus. */
                interface $Properties {

                    /** VertexStatus ID */
                    ID?: (string|null);

                    /** VertexStatus vertex */
                    vertex?: (string|null);

                    /** VertexStatus name */
                    name?: (string|null);

                    /** VertexStatus current */
                    current?: (number|Long|null);

                    /** VertexStatus total */
                    total?: (number|Long|null);

                    /** VertexStatus timestamp */
                    timestamp?: (google.protobuf.Timestamp.$Properties|null);

                    /** VertexStatus started */
                    started?: (google.protobuf.Timestamp.$Properties|null);

                    /** VertexStatus completed */
                    completed?: (google.protobuf.Timestamp.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a VertexStatus. */
                type $Shape = moby.buildkit.v1.VertexStatus.$Properties;
            }

            /**
             * Properties of a VertexLog.
             * @deprecated Use moby.buildkit.v1.VertexLog.$Properties instead.
             */
            interface IVertexLog extends moby.buildkit.v1.VertexLog.$Properties {
            }

            /** Represents a VertexLog. */
            class VertexLog {

                /**
                 * Constructs a new VertexLog.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.VertexLog.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** VertexLog vertex. */
                vertex: string;

                /** VertexLog timestamp. */
                timestamp?: (google.protobuf.Timestamp.$Properties|null);

                /** VertexLog stream. */
                stream: (number|Long);

                /** VertexLog msg. */
                msg: Uint8Array;

                /**
                 * Creates a new VertexLog instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns VertexLog instance
                 */
                static create(properties: moby.buildkit.v1.VertexLog.$Shape): moby.buildkit.v1.VertexLog & moby.buildkit.v1.VertexLog.$Shape;
                static create(properties?: moby.buildkit.v1.VertexLog.$Properties): moby.buildkit.v1.VertexLog;

                /**
                 * Encodes the specified VertexLog message. Does not implicitly {@link moby.buildkit.v1.VertexLog.verify|verify} messages.
                 * @param message VertexLog message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.VertexLog.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a VertexLog message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.VertexLog & moby.buildkit.v1.VertexLog.$Shape} VertexLog
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.VertexLog & moby.buildkit.v1.VertexLog.$Shape;
            }

            namespace VertexLog {

                /** Properties of a VertexLog. */
                interface $Properties {

                    /** VertexLog vertex */
                    vertex?: (string|null);

                    /** VertexLog timestamp */
                    timestamp?: (google.protobuf.Timestamp.$Properties|null);

                    /** VertexLog stream */
                    stream?: (number|Long|null);

                    /** VertexLog msg */
                    msg?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a VertexLog. */
                type $Shape = moby.buildkit.v1.VertexLog.$Properties;
            }

            /**
             * Properties of a VertexWarning.
             * @deprecated Use moby.buildkit.v1.VertexWarning.$Properties instead.
             */
            interface IVertexWarning extends moby.buildkit.v1.VertexWarning.$Properties {
            }

            /** Represents a VertexWarning. */
            class VertexWarning {

                /**
                 * Constructs a new VertexWarning.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.VertexWarning.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** VertexWarning vertex. */
                vertex: string;

                /** VertexWarning level. */
                level: (number|Long);

                /** VertexWarning short. */
                short: Uint8Array;

                /** VertexWarning detail. */
                detail: Uint8Array[];

                /** VertexWarning url. */
                url: string;

                /** VertexWarning info. */
                info?: (pb.SourceInfo.$Properties|null);

                /** VertexWarning ranges. */
                ranges: pb.Range.$Properties[];

                /**
                 * Creates a new VertexWarning instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns VertexWarning instance
                 */
                static create(properties: moby.buildkit.v1.VertexWarning.$Shape): moby.buildkit.v1.VertexWarning & moby.buildkit.v1.VertexWarning.$Shape;
                static create(properties?: moby.buildkit.v1.VertexWarning.$Properties): moby.buildkit.v1.VertexWarning;

                /**
                 * Encodes the specified VertexWarning message. Does not implicitly {@link moby.buildkit.v1.VertexWarning.verify|verify} messages.
                 * @param message VertexWarning message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.VertexWarning.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a VertexWarning message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.VertexWarning & moby.buildkit.v1.VertexWarning.$Shape} VertexWarning
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.VertexWarning & moby.buildkit.v1.VertexWarning.$Shape;
            }

            namespace VertexWarning {

                /** Properties of a VertexWarning. */
                interface $Properties {

                    /** VertexWarning vertex */
                    vertex?: (string|null);

                    /** VertexWarning level */
                    level?: (number|Long|null);

                    /** VertexWarning short */
                    short?: (Uint8Array|null);

                    /** VertexWarning detail */
                    detail?: (Uint8Array[]|null);

                    /** VertexWarning url */
                    url?: (string|null);

                    /** VertexWarning info */
                    info?: (pb.SourceInfo.$Properties|null);

                    /** VertexWarning ranges */
                    ranges?: (pb.Range.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a VertexWarning. */
                type $Shape = moby.buildkit.v1.VertexWarning.$Properties;
            }

            /**
             * Properties of a BytesMessage.
             * @deprecated Use moby.buildkit.v1.BytesMessage.$Properties instead.
             */
            interface IBytesMessage extends moby.buildkit.v1.BytesMessage.$Properties {
            }

            /** Represents a BytesMessage. */
            class BytesMessage {

                /**
                 * Constructs a new BytesMessage.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.BytesMessage.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** BytesMessage data. */
                data: Uint8Array;

                /**
                 * Creates a new BytesMessage instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns BytesMessage instance
                 */
                static create(properties: moby.buildkit.v1.BytesMessage.$Shape): moby.buildkit.v1.BytesMessage & moby.buildkit.v1.BytesMessage.$Shape;
                static create(properties?: moby.buildkit.v1.BytesMessage.$Properties): moby.buildkit.v1.BytesMessage;

                /**
                 * Encodes the specified BytesMessage message. Does not implicitly {@link moby.buildkit.v1.BytesMessage.verify|verify} messages.
                 * @param message BytesMessage message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.BytesMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a BytesMessage message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.BytesMessage & moby.buildkit.v1.BytesMessage.$Shape} BytesMessage
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.BytesMessage & moby.buildkit.v1.BytesMessage.$Shape;
            }

            namespace BytesMessage {

                /** Properties of a BytesMessage. */
                interface $Properties {

                    /** BytesMessage data */
                    data?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a BytesMessage. */
                type $Shape = moby.buildkit.v1.BytesMessage.$Properties;
            }

            /**
             * Properties of a ListWorkersRequest.
             * @deprecated Use moby.buildkit.v1.ListWorkersRequest.$Properties instead.
             */
            interface IListWorkersRequest extends moby.buildkit.v1.ListWorkersRequest.$Properties {
            }

            /** Represents a ListWorkersRequest. */
            class ListWorkersRequest {

                /**
                 * Constructs a new ListWorkersRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.ListWorkersRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ListWorkersRequest filter. */
                filter: string[];

                /**
                 * Creates a new ListWorkersRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ListWorkersRequest instance
                 */
                static create(properties: moby.buildkit.v1.ListWorkersRequest.$Shape): moby.buildkit.v1.ListWorkersRequest & moby.buildkit.v1.ListWorkersRequest.$Shape;
                static create(properties?: moby.buildkit.v1.ListWorkersRequest.$Properties): moby.buildkit.v1.ListWorkersRequest;

                /**
                 * Encodes the specified ListWorkersRequest message. Does not implicitly {@link moby.buildkit.v1.ListWorkersRequest.verify|verify} messages.
                 * @param message ListWorkersRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.ListWorkersRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ListWorkersRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.ListWorkersRequest & moby.buildkit.v1.ListWorkersRequest.$Shape} ListWorkersRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.ListWorkersRequest & moby.buildkit.v1.ListWorkersRequest.$Shape;
            }

            namespace ListWorkersRequest {

                /** Properties of a ListWorkersRequest. */
                interface $Properties {

                    /** ListWorkersRequest filter */
                    filter?: (string[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ListWorkersRequest. */
                type $Shape = moby.buildkit.v1.ListWorkersRequest.$Properties;
            }

            /**
             * Properties of a ListWorkersResponse.
             * @deprecated Use moby.buildkit.v1.ListWorkersResponse.$Properties instead.
             */
            interface IListWorkersResponse extends moby.buildkit.v1.ListWorkersResponse.$Properties {
            }

            /** Represents a ListWorkersResponse. */
            class ListWorkersResponse {

                /**
                 * Constructs a new ListWorkersResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.ListWorkersResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ListWorkersResponse record. */
                record: moby.buildkit.v1.types.WorkerRecord.$Properties[];

                /**
                 * Creates a new ListWorkersResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ListWorkersResponse instance
                 */
                static create(properties: moby.buildkit.v1.ListWorkersResponse.$Shape): moby.buildkit.v1.ListWorkersResponse & moby.buildkit.v1.ListWorkersResponse.$Shape;
                static create(properties?: moby.buildkit.v1.ListWorkersResponse.$Properties): moby.buildkit.v1.ListWorkersResponse;

                /**
                 * Encodes the specified ListWorkersResponse message. Does not implicitly {@link moby.buildkit.v1.ListWorkersResponse.verify|verify} messages.
                 * @param message ListWorkersResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.ListWorkersResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ListWorkersResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.ListWorkersResponse & moby.buildkit.v1.ListWorkersResponse.$Shape} ListWorkersResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.ListWorkersResponse & moby.buildkit.v1.ListWorkersResponse.$Shape;
            }

            namespace ListWorkersResponse {

                /** Properties of a ListWorkersResponse. */
                interface $Properties {

                    /** ListWorkersResponse record */
                    record?: (moby.buildkit.v1.types.WorkerRecord.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ListWorkersResponse. */
                type $Shape = moby.buildkit.v1.ListWorkersResponse.$Properties;
            }

            /**
             * Properties of an InfoRequest.
             * @deprecated Use moby.buildkit.v1.InfoRequest.$Properties instead.
             */
            interface IInfoRequest extends moby.buildkit.v1.InfoRequest.$Properties {
            }

            /** Represents an InfoRequest. */
            class InfoRequest {

                /**
                 * Constructs a new InfoRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.InfoRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /**
                 * Creates a new InfoRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns InfoRequest instance
                 */
                static create(properties: moby.buildkit.v1.InfoRequest.$Shape): moby.buildkit.v1.InfoRequest & moby.buildkit.v1.InfoRequest.$Shape;
                static create(properties?: moby.buildkit.v1.InfoRequest.$Properties): moby.buildkit.v1.InfoRequest;

                /**
                 * Encodes the specified InfoRequest message. Does not implicitly {@link moby.buildkit.v1.InfoRequest.verify|verify} messages.
                 * @param message InfoRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.InfoRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an InfoRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.InfoRequest & moby.buildkit.v1.InfoRequest.$Shape} InfoRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.InfoRequest & moby.buildkit.v1.InfoRequest.$Shape;
            }

            namespace InfoRequest {

                /** Properties of an InfoRequest. */
                interface $Properties {

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an InfoRequest. */
                type $Shape = moby.buildkit.v1.InfoRequest.$Properties;
            }

            /**
             * Properties of an InfoResponse.
             * @deprecated Use moby.buildkit.v1.InfoResponse.$Properties instead.
             */
            interface IInfoResponse extends moby.buildkit.v1.InfoResponse.$Properties {
            }

            /** Represents an InfoResponse. */
            class InfoResponse {

                /**
                 * Constructs a new InfoResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.InfoResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** InfoResponse buildkitVersion. */
                buildkitVersion?: (moby.buildkit.v1.types.BuildkitVersion.$Properties|null);

                /**
                 * Creates a new InfoResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns InfoResponse instance
                 */
                static create(properties: moby.buildkit.v1.InfoResponse.$Shape): moby.buildkit.v1.InfoResponse & moby.buildkit.v1.InfoResponse.$Shape;
                static create(properties?: moby.buildkit.v1.InfoResponse.$Properties): moby.buildkit.v1.InfoResponse;

                /**
                 * Encodes the specified InfoResponse message. Does not implicitly {@link moby.buildkit.v1.InfoResponse.verify|verify} messages.
                 * @param message InfoResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.InfoResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an InfoResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.InfoResponse & moby.buildkit.v1.InfoResponse.$Shape} InfoResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.InfoResponse & moby.buildkit.v1.InfoResponse.$Shape;
            }

            namespace InfoResponse {

                /** Properties of an InfoResponse. */
                interface $Properties {

                    /** InfoResponse buildkitVersion */
                    buildkitVersion?: (moby.buildkit.v1.types.BuildkitVersion.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an InfoResponse. */
                type $Shape = moby.buildkit.v1.InfoResponse.$Properties;
            }

            /**
             * Properties of a BuildHistoryRequest.
             * @deprecated Use moby.buildkit.v1.BuildHistoryRequest.$Properties instead.
             */
            interface IBuildHistoryRequest extends moby.buildkit.v1.BuildHistoryRequest.$Properties {
            }

            /** Represents a BuildHistoryRequest. */
            class BuildHistoryRequest {

                /**
                 * Constructs a new BuildHistoryRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.BuildHistoryRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** BuildHistoryRequest ActiveOnly. */
                ActiveOnly: boolean;

                /** BuildHistoryRequest Ref. */
                Ref: string;

                /** BuildHistoryRequest EarlyExit. */
                EarlyExit: boolean;

                /** BuildHistoryRequest Filter. */
                Filter: string[];

                /** BuildHistoryRequest Limit. */
                Limit: number;

                /**
                 * Creates a new BuildHistoryRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns BuildHistoryRequest instance
                 */
                static create(properties: moby.buildkit.v1.BuildHistoryRequest.$Shape): moby.buildkit.v1.BuildHistoryRequest & moby.buildkit.v1.BuildHistoryRequest.$Shape;
                static create(properties?: moby.buildkit.v1.BuildHistoryRequest.$Properties): moby.buildkit.v1.BuildHistoryRequest;

                /**
                 * Encodes the specified BuildHistoryRequest message. Does not implicitly {@link moby.buildkit.v1.BuildHistoryRequest.verify|verify} messages.
                 * @param message BuildHistoryRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.BuildHistoryRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a BuildHistoryRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.BuildHistoryRequest & moby.buildkit.v1.BuildHistoryRequest.$Shape} BuildHistoryRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.BuildHistoryRequest & moby.buildkit.v1.BuildHistoryRequest.$Shape;
            }

            namespace BuildHistoryRequest {

                /** Properties of a BuildHistoryRequest. */
                interface $Properties {

                    /** BuildHistoryRequest ActiveOnly */
                    ActiveOnly?: (boolean|null);

                    /** BuildHistoryRequest Ref */
                    Ref?: (string|null);

                    /** BuildHistoryRequest EarlyExit */
                    EarlyExit?: (boolean|null);

                    /** BuildHistoryRequest Filter */
                    Filter?: (string[]|null);

                    /** BuildHistoryRequest Limit */
                    Limit?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a BuildHistoryRequest. */
                type $Shape = moby.buildkit.v1.BuildHistoryRequest.$Properties;
            }

            /** BuildHistoryEventType enum. */
            enum BuildHistoryEventType {

                /** STARTED value */
                STARTED = 0,

                /** COMPLETE value */
                COMPLETE = 1,

                /** DELETED value */
                DELETED = 2
            }

            /**
             * Properties of a BuildHistoryEvent.
             * @deprecated Use moby.buildkit.v1.BuildHistoryEvent.$Properties instead.
             */
            interface IBuildHistoryEvent extends moby.buildkit.v1.BuildHistoryEvent.$Properties {
            }

            /** Represents a BuildHistoryEvent. */
            class BuildHistoryEvent {

                /**
                 * Constructs a new BuildHistoryEvent.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.BuildHistoryEvent.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** BuildHistoryEvent type. */
                type: moby.buildkit.v1.BuildHistoryEventType;

                /** BuildHistoryEvent record. */
                record?: (moby.buildkit.v1.BuildHistoryRecord.$Properties|null);

                /**
                 * Creates a new BuildHistoryEvent instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns BuildHistoryEvent instance
                 */
                static create(properties: moby.buildkit.v1.BuildHistoryEvent.$Shape): moby.buildkit.v1.BuildHistoryEvent & moby.buildkit.v1.BuildHistoryEvent.$Shape;
                static create(properties?: moby.buildkit.v1.BuildHistoryEvent.$Properties): moby.buildkit.v1.BuildHistoryEvent;

                /**
                 * Encodes the specified BuildHistoryEvent message. Does not implicitly {@link moby.buildkit.v1.BuildHistoryEvent.verify|verify} messages.
                 * @param message BuildHistoryEvent message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.BuildHistoryEvent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a BuildHistoryEvent message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.BuildHistoryEvent & moby.buildkit.v1.BuildHistoryEvent.$Shape} BuildHistoryEvent
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.BuildHistoryEvent & moby.buildkit.v1.BuildHistoryEvent.$Shape;
            }

            namespace BuildHistoryEvent {

                /** Properties of a BuildHistoryEvent. */
                interface $Properties {

                    /** BuildHistoryEvent type */
                    type?: (moby.buildkit.v1.BuildHistoryEventType|null);

                    /** BuildHistoryEvent record */
                    record?: (moby.buildkit.v1.BuildHistoryRecord.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a BuildHistoryEvent. */
                type $Shape = moby.buildkit.v1.BuildHistoryEvent.$Properties;
            }

            /**
             * Properties of a BuildHistoryRecord.
             * @deprecated Use moby.buildkit.v1.BuildHistoryRecord.$Properties instead.
             */
            interface IBuildHistoryRecord extends moby.buildkit.v1.BuildHistoryRecord.$Properties {
            }

            /** Represents a BuildHistoryRecord. */
            class BuildHistoryRecord {

                /**
                 * Constructs a new BuildHistoryRecord.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.BuildHistoryRecord.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** BuildHistoryRecord Ref. */
                Ref: string;

                /** BuildHistoryRecord Frontend. */
                Frontend: string;

                /** BuildHistoryRecord FrontendAttrs. */
                FrontendAttrs: { [k: string]: string };

                /** BuildHistoryRecord Exporters. */
                Exporters: moby.buildkit.v1.Exporter.$Properties[];

                /** BuildHistoryRecord error. */
                error?: (google.rpc.Status.$Properties|null);

                /** BuildHistoryRecord CreatedAt. */
                CreatedAt?: (google.protobuf.Timestamp.$Properties|null);

                /** BuildHistoryRecord CompletedAt. */
                CompletedAt?: (google.protobuf.Timestamp.$Properties|null);

                /** BuildHistoryRecord logs. */
                logs?: (moby.buildkit.v1.Descriptor.$Properties|null);

                /** BuildHistoryRecord ExporterResponse. */
                ExporterResponse: { [k: string]: string };

                /** BuildHistoryRecord Result. */
                Result?: (moby.buildkit.v1.BuildResultInfo.$Properties|null);

                /** BuildHistoryRecord Results. */
                Results: { [k: string]: moby.buildkit.v1.BuildResultInfo.$Properties };

                /** BuildHistoryRecord Generation. */
                Generation: number;

                /** BuildHistoryRecord trace. */
                trace?: (moby.buildkit.v1.Descriptor.$Properties|null);

                /** BuildHistoryRecord pinned. */
                pinned: boolean;

                /** BuildHistoryRecord numCachedSteps. */
                numCachedSteps: number;

                /** BuildHistoryRecord numTotalSteps. */
                numTotalSteps: number;

                /** BuildHistoryRecord numCompletedSteps. */
                numCompletedSteps: number;

                /** BuildHistoryRecord externalError. */
                externalError?: (moby.buildkit.v1.Descriptor.$Properties|null);

                /** BuildHistoryRecord numWarnings. */
                numWarnings: number;

                /**
                 * Creates a new BuildHistoryRecord instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns BuildHistoryRecord instance
                 */
                static create(properties: moby.buildkit.v1.BuildHistoryRecord.$Shape): moby.buildkit.v1.BuildHistoryRecord & moby.buildkit.v1.BuildHistoryRecord.$Shape;
                static create(properties?: moby.buildkit.v1.BuildHistoryRecord.$Properties): moby.buildkit.v1.BuildHistoryRecord;

                /**
                 * Encodes the specified BuildHistoryRecord message. Does not implicitly {@link moby.buildkit.v1.BuildHistoryRecord.verify|verify} messages.
                 * @param message BuildHistoryRecord message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.BuildHistoryRecord.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a BuildHistoryRecord message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.BuildHistoryRecord & moby.buildkit.v1.BuildHistoryRecord.$Shape} BuildHistoryRecord
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.BuildHistoryRecord & moby.buildkit.v1.BuildHistoryRecord.$Shape;
            }

            namespace BuildHistoryRecord {

                /** Properties of a BuildHistoryRecord. */
                interface $Properties {

                    /** BuildHistoryRecord Ref */
                    Ref?: (string|null);

                    /** BuildHistoryRecord Frontend */
                    Frontend?: (string|null);

                    /** BuildHistoryRecord FrontendAttrs */
                    FrontendAttrs?: ({ [k: string]: string }|null);

                    /** BuildHistoryRecord Exporters */
                    Exporters?: (moby.buildkit.v1.Exporter.$Properties[]|null);

                    /** BuildHistoryRecord error */
                    error?: (google.rpc.Status.$Properties|null);

                    /** BuildHistoryRecord CreatedAt */
                    CreatedAt?: (google.protobuf.Timestamp.$Properties|null);

                    /** BuildHistoryRecord CompletedAt */
                    CompletedAt?: (google.protobuf.Timestamp.$Properties|null);

                    /** BuildHistoryRecord logs */
                    logs?: (moby.buildkit.v1.Descriptor.$Properties|null);

                    /** BuildHistoryRecord ExporterResponse */
                    ExporterResponse?: ({ [k: string]: string }|null);

                    /** BuildHistoryRecord Result */
                    Result?: (moby.buildkit.v1.BuildResultInfo.$Properties|null);

                    /** BuildHistoryRecord Results */
                    Results?: ({ [k: string]: moby.buildkit.v1.BuildResultInfo.$Properties }|null);

                    /** BuildHistoryRecord Generation */
                    Generation?: (number|null);

                    /** BuildHistoryRecord trace */
                    trace?: (moby.buildkit.v1.Descriptor.$Properties|null);

                    /** BuildHistoryRecord pinned */
                    pinned?: (boolean|null);

                    /** BuildHistoryRecord numCachedSteps */
                    numCachedSteps?: (number|null);

                    /** BuildHistoryRecord numTotalSteps */
                    numTotalSteps?: (number|null);

                    /** BuildHistoryRecord numCompletedSteps */
                    numCompletedSteps?: (number|null);

                    /** BuildHistoryRecord externalError */
                    externalError?: (moby.buildkit.v1.Descriptor.$Properties|null);

                    /** BuildHistoryRecord numWarnings */
                    numWarnings?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a BuildHistoryRecord. */
                type $Shape = moby.buildkit.v1.BuildHistoryRecord.$Properties;
            }

            /**
             * Properties of a Descriptor.
             * @deprecated Use moby.buildkit.v1.Descriptor.$Properties instead.
             */
            interface IDescriptor extends moby.buildkit.v1.Descriptor.$Properties {
            }

            /** Represents a Descriptor. */
            class Descriptor {

                /**
                 * Constructs a new Descriptor.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.Descriptor.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Descriptor media_type. */
                media_type: string;

                /** Descriptor digest. */
                digest: string;

                /** Descriptor size. */
                size: (number|Long);

                /** Descriptor annotations. */
                annotations: { [k: string]: string };

                /**
                 * Creates a new Descriptor instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns Descriptor instance
                 */
                static create(properties: moby.buildkit.v1.Descriptor.$Shape): moby.buildkit.v1.Descriptor & moby.buildkit.v1.Descriptor.$Shape;
                static create(properties?: moby.buildkit.v1.Descriptor.$Properties): moby.buildkit.v1.Descriptor;

                /**
                 * Encodes the specified Descriptor message. Does not implicitly {@link moby.buildkit.v1.Descriptor.verify|verify} messages.
                 * @param message Descriptor message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.Descriptor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Descriptor message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.Descriptor & moby.buildkit.v1.Descriptor.$Shape} Descriptor
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.Descriptor & moby.buildkit.v1.Descriptor.$Shape;
            }

            namespace Descriptor {

                /** Properties of a Descriptor. */
                interface $Properties {

                    /** Descriptor media_type */
                    media_type?: (string|null);

                    /** Descriptor digest */
                    digest?: (string|null);

                    /** Descriptor size */
                    size?: (number|Long|null);

                    /** Descriptor annotations */
                    annotations?: ({ [k: string]: string }|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Descriptor. */
                type $Shape = moby.buildkit.v1.Descriptor.$Properties;
            }

            /**
             * Properties of a BuildResultInfo.
             * @deprecated Use moby.buildkit.v1.BuildResultInfo.$Properties instead.
             */
            interface IBuildResultInfo extends moby.buildkit.v1.BuildResultInfo.$Properties {
            }

            /** Represents a BuildResultInfo. */
            class BuildResultInfo {

                /**
                 * Constructs a new BuildResultInfo.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: moby.buildkit.v1.BuildResultInfo.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** BuildResultInfo ResultDeprecated. */
                ResultDeprecated?: (moby.buildkit.v1.Descriptor.$Properties|null);

                /** BuildResultInfo Attestations. */
                Attestations: moby.buildkit.v1.Descriptor.$Properties[];

                /** BuildResultInfo Results. */
                Results: { [k: string]: moby.buildkit.v1.Descriptor.$Properties };

                /**
                 * Creates a new BuildResultInfo instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns BuildResultInfo instance
                 */
                static create(properties: moby.buildkit.v1.BuildResultInfo.$Shape): moby.buildkit.v1.BuildResultInfo & moby.buildkit.v1.BuildResultInfo.$Shape;
                static create(properties?: moby.buildkit.v1.BuildResultInfo.$Properties): moby.buildkit.v1.BuildResultInfo;

                /**
                 * Encodes the specified BuildResultInfo message. Does not implicitly {@link moby.buildkit.v1.BuildResultInfo.verify|verify} messages.
                 * @param message BuildResultInfo message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: moby.buildkit.v1.BuildResultInfo.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a BuildResultInfo message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {moby.buildkit.v1.BuildResultInfo & moby.buildkit.v1.BuildResultInfo.$Shape} BuildResultInfo
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.BuildResultInfo & moby.buildkit.v1.BuildResultInfo.$Shape;
            }

            namespace BuildResultInfo {

                /** Properties of a BuildResultInfo. */
                interface $Properties {

                    /** BuildResultInfo ResultDeprecated */
                    ResultDeprecated?: (moby.buildkit.v1.Descriptor.$Properties|null);

                    /** BuildResultInfo Attestations */
                    Attestations?: (moby.buildkit.v1.Descriptor.$Properties[]|null);

                    /** BuildResultInfo Results */
                    Results?: ({ [k: string]: moby.buildkit.v1.Descriptor.$Properties }|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a BuildResultInfo. */
                type $Shape = moby.buildkit.v1.BuildResultInfo.$Properties;
            }

            /** Namespace sourcepolicy. */
            namespace sourcepolicy {

                /**
                 * Properties of a Policy.
                 * @deprecated Use moby.buildkit.v1.sourcepolicy.Policy.$Properties instead.
                 */
                interface IPolicy extends moby.buildkit.v1.sourcepolicy.Policy.$Properties {
                }

                /** Represents a Policy. */
                class Policy {

                    /**
                     * Constructs a new Policy.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.sourcepolicy.Policy.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** Policy version. */
                    version: (number|Long);

                    /** Policy rules. */
                    rules: moby.buildkit.v1.sourcepolicy.Rule.$Properties[];

                    /**
                     * Creates a new Policy instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns Policy instance
                     */
                    static create(properties: moby.buildkit.v1.sourcepolicy.Policy.$Shape): moby.buildkit.v1.sourcepolicy.Policy & moby.buildkit.v1.sourcepolicy.Policy.$Shape;
                    static create(properties?: moby.buildkit.v1.sourcepolicy.Policy.$Properties): moby.buildkit.v1.sourcepolicy.Policy;

                    /**
                     * Encodes the specified Policy message. Does not implicitly {@link moby.buildkit.v1.sourcepolicy.Policy.verify|verify} messages.
                     * @param message Policy message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.sourcepolicy.Policy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a Policy message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.sourcepolicy.Policy & moby.buildkit.v1.sourcepolicy.Policy.$Shape} Policy
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.sourcepolicy.Policy & moby.buildkit.v1.sourcepolicy.Policy.$Shape;
                }

                namespace Policy {

                    /** Properties of a Policy. */
                    interface $Properties {

                        /** Policy version */
                        version?: (number|Long|null);

                        /** Policy rules */
                        rules?: (moby.buildkit.v1.sourcepolicy.Rule.$Properties[]|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a Policy. */
                    type $Shape = moby.buildkit.v1.sourcepolicy.Policy.$Properties;
                }

                /** PolicyAction enum. */
                enum PolicyAction {

                    /** ALLOW value */
                    ALLOW = 0,

                    /** DENY value */
                    DENY = 1,

                    /** CONVERT value */
                    CONVERT = 2
                }

                /**
                 * Properties of a Rule.
                 * @deprecated Use moby.buildkit.v1.sourcepolicy.Rule.$Properties instead.
                 */
                interface IRule extends moby.buildkit.v1.sourcepolicy.Rule.$Properties {
                }

                /** Represents a Rule. */
                class Rule {

                    /**
                     * Constructs a new Rule.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.sourcepolicy.Rule.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** Rule action. */
                    action: moby.buildkit.v1.sourcepolicy.PolicyAction;

                    /** Rule selector. */
                    selector?: (moby.buildkit.v1.sourcepolicy.Selector.$Properties|null);

                    /** Rule updates. */
                    updates?: (moby.buildkit.v1.sourcepolicy.Update.$Properties|null);

                    /**
                     * Creates a new Rule instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns Rule instance
                     */
                    static create(properties: moby.buildkit.v1.sourcepolicy.Rule.$Shape): moby.buildkit.v1.sourcepolicy.Rule & moby.buildkit.v1.sourcepolicy.Rule.$Shape;
                    static create(properties?: moby.buildkit.v1.sourcepolicy.Rule.$Properties): moby.buildkit.v1.sourcepolicy.Rule;

                    /**
                     * Encodes the specified Rule message. Does not implicitly {@link moby.buildkit.v1.sourcepolicy.Rule.verify|verify} messages.
                     * @param message Rule message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.sourcepolicy.Rule.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a Rule message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.sourcepolicy.Rule & moby.buildkit.v1.sourcepolicy.Rule.$Shape} Rule
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.sourcepolicy.Rule & moby.buildkit.v1.sourcepolicy.Rule.$Shape;
                }

                namespace Rule {

                    /** Properties of a Rule. */
                    interface $Properties {

                        /** Rule action */
                        action?: (moby.buildkit.v1.sourcepolicy.PolicyAction|null);

                        /** Rule selector */
                        selector?: (moby.buildkit.v1.sourcepolicy.Selector.$Properties|null);

                        /** Rule updates */
                        updates?: (moby.buildkit.v1.sourcepolicy.Update.$Properties|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a Rule. */
                    type $Shape = moby.buildkit.v1.sourcepolicy.Rule.$Properties;
                }

                /**
                 * Properties of an Update.
                 * @deprecated Use moby.buildkit.v1.sourcepolicy.Update.$Properties instead.
                 */
                interface IUpdate extends moby.buildkit.v1.sourcepolicy.Update.$Properties {
                }

                /** Represents an Update. */
                class Update {

                    /**
                     * Constructs a new Update.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.sourcepolicy.Update.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** Update identifier. */
                    identifier: string;

                    /** Update attrs. */
                    attrs: { [k: string]: string };

                    /**
                     * Creates a new Update instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns Update instance
                     */
                    static create(properties: moby.buildkit.v1.sourcepolicy.Update.$Shape): moby.buildkit.v1.sourcepolicy.Update & moby.buildkit.v1.sourcepolicy.Update.$Shape;
                    static create(properties?: moby.buildkit.v1.sourcepolicy.Update.$Properties): moby.buildkit.v1.sourcepolicy.Update;

                    /**
                     * Encodes the specified Update message. Does not implicitly {@link moby.buildkit.v1.sourcepolicy.Update.verify|verify} messages.
                     * @param message Update message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.sourcepolicy.Update.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes an Update message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.sourcepolicy.Update & moby.buildkit.v1.sourcepolicy.Update.$Shape} Update
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.sourcepolicy.Update & moby.buildkit.v1.sourcepolicy.Update.$Shape;
                }

                namespace Update {

                    /** Properties of an Update. */
                    interface $Properties {

                        /** Update identifier */
                        identifier?: (string|null);

                        /** Update attrs */
                        attrs?: ({ [k: string]: string }|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of an Update. */
                    type $Shape = moby.buildkit.v1.sourcepolicy.Update.$Properties;
                }

                /** MatchType enum. */
                enum MatchType {

                    /** WILDCARD value */
                    WILDCARD = 0,

                    /** EXACT value */
                    EXACT = 1,

                    /** REGEX value */
                    REGEX = 2
                }

                /**
                 * Properties of a Selector.
                 * @deprecated Use moby.buildkit.v1.sourcepolicy.Selector.$Properties instead.
                 */
                interface ISelector extends moby.buildkit.v1.sourcepolicy.Selector.$Properties {
                }

                /** Represents a Selector. */
                class Selector {

                    /**
                     * Constructs a new Selector.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.sourcepolicy.Selector.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** Selector identifier. */
                    identifier: string;

                    /** Selector match_type. */
                    match_type: moby.buildkit.v1.sourcepolicy.MatchType;

                    /** Selector constraints. */
                    constraints: moby.buildkit.v1.sourcepolicy.AttrConstraint.$Properties[];

                    /**
                     * Creates a new Selector instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns Selector instance
                     */
                    static create(properties: moby.buildkit.v1.sourcepolicy.Selector.$Shape): moby.buildkit.v1.sourcepolicy.Selector & moby.buildkit.v1.sourcepolicy.Selector.$Shape;
                    static create(properties?: moby.buildkit.v1.sourcepolicy.Selector.$Properties): moby.buildkit.v1.sourcepolicy.Selector;

                    /**
                     * Encodes the specified Selector message. Does not implicitly {@link moby.buildkit.v1.sourcepolicy.Selector.verify|verify} messages.
                     * @param message Selector message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.sourcepolicy.Selector.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a Selector message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.sourcepolicy.Selector & moby.buildkit.v1.sourcepolicy.Selector.$Shape} Selector
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.sourcepolicy.Selector & moby.buildkit.v1.sourcepolicy.Selector.$Shape;
                }

                namespace Selector {

                    /** Properties of a Selector. */
                    interface $Properties {

                        /** Selector identifier */
                        identifier?: (string|null);

                        /** Selector match_type */
                        match_type?: (moby.buildkit.v1.sourcepolicy.MatchType|null);

                        /** Selector constraints */
                        constraints?: (moby.buildkit.v1.sourcepolicy.AttrConstraint.$Properties[]|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a Selector. */
                    type $Shape = moby.buildkit.v1.sourcepolicy.Selector.$Properties;
                }

                /** AttrMatch enum. */
                enum AttrMatch {

                    /** EQUAL value */
                    EQUAL = 0,

                    /** NOTEQUAL value */
                    NOTEQUAL = 1,

                    /** MATCHES value */
                    MATCHES = 2
                }

                /**
                 * Properties of an AttrConstraint.
                 * @deprecated Use moby.buildkit.v1.sourcepolicy.AttrConstraint.$Properties instead.
                 */
                interface IAttrConstraint extends moby.buildkit.v1.sourcepolicy.AttrConstraint.$Properties {
                }

                /** Represents an AttrConstraint. */
                class AttrConstraint {

                    /**
                     * Constructs a new AttrConstraint.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.sourcepolicy.AttrConstraint.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** AttrConstraint key. */
                    key: string;

                    /** AttrConstraint value. */
                    value: string;

                    /** AttrConstraint condition. */
                    condition: moby.buildkit.v1.sourcepolicy.AttrMatch;

                    /**
                     * Creates a new AttrConstraint instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns AttrConstraint instance
                     */
                    static create(properties: moby.buildkit.v1.sourcepolicy.AttrConstraint.$Shape): moby.buildkit.v1.sourcepolicy.AttrConstraint & moby.buildkit.v1.sourcepolicy.AttrConstraint.$Shape;
                    static create(properties?: moby.buildkit.v1.sourcepolicy.AttrConstraint.$Properties): moby.buildkit.v1.sourcepolicy.AttrConstraint;

                    /**
                     * Encodes the specified AttrConstraint message. Does not implicitly {@link moby.buildkit.v1.sourcepolicy.AttrConstraint.verify|verify} messages.
                     * @param message AttrConstraint message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.sourcepolicy.AttrConstraint.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes an AttrConstraint message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.sourcepolicy.AttrConstraint & moby.buildkit.v1.sourcepolicy.AttrConstraint.$Shape} AttrConstraint
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.sourcepolicy.AttrConstraint & moby.buildkit.v1.sourcepolicy.AttrConstraint.$Shape;
                }

                namespace AttrConstraint {

                    /** Properties of an AttrConstraint. */
                    interface $Properties {

                        /** AttrConstraint key */
                        key?: (string|null);

                        /** AttrConstraint value */
                        value?: (string|null);

                        /** AttrConstraint condition */
                        condition?: (moby.buildkit.v1.sourcepolicy.AttrMatch|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of an AttrConstraint. */
                    type $Shape = moby.buildkit.v1.sourcepolicy.AttrConstraint.$Properties;
                }
            }

            /** Namespace types. */
            namespace types {

                /**
                 * Properties of a WorkerRecord.
                 * @deprecated Use moby.buildkit.v1.types.WorkerRecord.$Properties instead.
                 */
                interface IWorkerRecord extends moby.buildkit.v1.types.WorkerRecord.$Properties {
                }

                /** Represents a WorkerRecord. */
                class WorkerRecord {

                    /**
                     * Constructs a new WorkerRecord.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.types.WorkerRecord.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** WorkerRecord ID. */
                    ID: string;

                    /** WorkerRecord Labels. */
                    Labels: { [k: string]: string };

                    /** WorkerRecord platforms. */
                    platforms: pb.Platform.$Properties[];

                    /** WorkerRecord GCPolicy. */
                    GCPolicy: moby.buildkit.v1.types.GCPolicy.$Properties[];

                    /** WorkerRecord BuildkitVersion. */
                    BuildkitVersion?: (moby.buildkit.v1.types.BuildkitVersion.$Properties|null);

                    /** WorkerRecord CDIDevices. */
                    CDIDevices: moby.buildkit.v1.types.CDIDevice.$Properties[];

                    /**
                     * Creates a new WorkerRecord instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns WorkerRecord instance
                     */
                    static create(properties: moby.buildkit.v1.types.WorkerRecord.$Shape): moby.buildkit.v1.types.WorkerRecord & moby.buildkit.v1.types.WorkerRecord.$Shape;
                    static create(properties?: moby.buildkit.v1.types.WorkerRecord.$Properties): moby.buildkit.v1.types.WorkerRecord;

                    /**
                     * Encodes the specified WorkerRecord message. Does not implicitly {@link moby.buildkit.v1.types.WorkerRecord.verify|verify} messages.
                     * @param message WorkerRecord message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.types.WorkerRecord.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a WorkerRecord message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.types.WorkerRecord & moby.buildkit.v1.types.WorkerRecord.$Shape} WorkerRecord
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.types.WorkerRecord & moby.buildkit.v1.types.WorkerRecord.$Shape;
                }

                namespace WorkerRecord {

                    /** Properties of a WorkerRecord. */
                    interface $Properties {

                        /** WorkerRecord ID */
                        ID?: (string|null);

                        /** WorkerRecord Labels */
                        Labels?: ({ [k: string]: string }|null);

                        /** WorkerRecord platforms */
                        platforms?: (pb.Platform.$Properties[]|null);

                        /** WorkerRecord GCPolicy */
                        GCPolicy?: (moby.buildkit.v1.types.GCPolicy.$Properties[]|null);

                        /** WorkerRecord BuildkitVersion */
                        BuildkitVersion?: (moby.buildkit.v1.types.BuildkitVersion.$Properties|null);

                        /** WorkerRecord CDIDevices */
                        CDIDevices?: (moby.buildkit.v1.types.CDIDevice.$Properties[]|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a WorkerRecord. */
                    type $Shape = moby.buildkit.v1.types.WorkerRecord.$Properties;
                }

                /**
                 * Properties of a GCPolicy.
                 * @deprecated Use moby.buildkit.v1.types.GCPolicy.$Properties instead.
                 */
                interface IGCPolicy extends moby.buildkit.v1.types.GCPolicy.$Properties {
                }

                /** Represents a GCPolicy. */
                class GCPolicy {

                    /**
                     * Constructs a new GCPolicy.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.types.GCPolicy.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** GCPolicy all. */
                    all: boolean;

                    /** GCPolicy keepDuration. */
                    keepDuration: (number|Long);

                    /** GCPolicy reservedSpace. */
                    reservedSpace: (number|Long);

                    /** GCPolicy filters. */
                    filters: string[];

                    /** GCPolicy maxUsedSpace. */
                    maxUsedSpace: (number|Long);

                    /** GCPolicy minFreeSpace. */
                    minFreeSpace: (number|Long);

                    /**
                     * Creates a new GCPolicy instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns GCPolicy instance
                     */
                    static create(properties: moby.buildkit.v1.types.GCPolicy.$Shape): moby.buildkit.v1.types.GCPolicy & moby.buildkit.v1.types.GCPolicy.$Shape;
                    static create(properties?: moby.buildkit.v1.types.GCPolicy.$Properties): moby.buildkit.v1.types.GCPolicy;

                    /**
                     * Encodes the specified GCPolicy message. Does not implicitly {@link moby.buildkit.v1.types.GCPolicy.verify|verify} messages.
                     * @param message GCPolicy message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.types.GCPolicy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a GCPolicy message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.types.GCPolicy & moby.buildkit.v1.types.GCPolicy.$Shape} GCPolicy
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.types.GCPolicy & moby.buildkit.v1.types.GCPolicy.$Shape;
                }

                namespace GCPolicy {

                    /** Properties of a GCPolicy. */
                    interface $Properties {

                        /** GCPolicy all */
                        all?: (boolean|null);

                        /** GCPolicy keepDuration */
                        keepDuration?: (number|Long|null);

                        /** GCPolicy reservedSpace */
                        reservedSpace?: (number|Long|null);

                        /** GCPolicy filters */
                        filters?: (string[]|null);

                        /** GCPolicy maxUsedSpace */
                        maxUsedSpace?: (number|Long|null);

                        /** GCPolicy minFreeSpace */
                        minFreeSpace?: (number|Long|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a GCPolicy. */
                    type $Shape = moby.buildkit.v1.types.GCPolicy.$Properties;
                }

                /**
                 * Properties of a BuildkitVersion.
                 * @deprecated Use moby.buildkit.v1.types.BuildkitVersion.$Properties instead.
                 */
                interface IBuildkitVersion extends moby.buildkit.v1.types.BuildkitVersion.$Properties {
                }

                /** Represents a BuildkitVersion. */
                class BuildkitVersion {

                    /**
                     * Constructs a new BuildkitVersion.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.types.BuildkitVersion.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** BuildkitVersion package. */
                    package: string;

                    /** BuildkitVersion version. */
                    version: string;

                    /** BuildkitVersion revision. */
                    revision: string;

                    /** BuildkitVersion dockerfileVersion. */
                    dockerfileVersion: string;

                    /**
                     * Creates a new BuildkitVersion instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns BuildkitVersion instance
                     */
                    static create(properties: moby.buildkit.v1.types.BuildkitVersion.$Shape): moby.buildkit.v1.types.BuildkitVersion & moby.buildkit.v1.types.BuildkitVersion.$Shape;
                    static create(properties?: moby.buildkit.v1.types.BuildkitVersion.$Properties): moby.buildkit.v1.types.BuildkitVersion;

                    /**
                     * Encodes the specified BuildkitVersion message. Does not implicitly {@link moby.buildkit.v1.types.BuildkitVersion.verify|verify} messages.
                     * @param message BuildkitVersion message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.types.BuildkitVersion.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a BuildkitVersion message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.types.BuildkitVersion & moby.buildkit.v1.types.BuildkitVersion.$Shape} BuildkitVersion
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.types.BuildkitVersion & moby.buildkit.v1.types.BuildkitVersion.$Shape;
                }

                namespace BuildkitVersion {

                    /** Properties of a BuildkitVersion. */
                    interface $Properties {

                        /** BuildkitVersion package */
                        "package"?: (string|null);

                        /** BuildkitVersion version */
                        version?: (string|null);

                        /** BuildkitVersion revision */
                        revision?: (string|null);

                        /** BuildkitVersion dockerfileVersion */
                        dockerfileVersion?: (string|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a BuildkitVersion. */
                    type $Shape = moby.buildkit.v1.types.BuildkitVersion.$Properties;
                }

                /**
                 * Properties of a CDIDevice.
                 * @deprecated Use moby.buildkit.v1.types.CDIDevice.$Properties instead.
                 */
                interface ICDIDevice extends moby.buildkit.v1.types.CDIDevice.$Properties {
                }

                /** Represents a CDIDevice. */
                class CDIDevice {

                    /**
                     * Constructs a new CDIDevice.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: moby.buildkit.v1.types.CDIDevice.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** CDIDevice Name. */
                    Name: string;

                    /** CDIDevice AutoAllow. */
                    AutoAllow: boolean;

                    /** CDIDevice Annotations. */
                    Annotations: { [k: string]: string };

                    /** CDIDevice OnDemand. */
                    OnDemand: boolean;

                    /**
                     * Creates a new CDIDevice instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns CDIDevice instance
                     */
                    static create(properties: moby.buildkit.v1.types.CDIDevice.$Shape): moby.buildkit.v1.types.CDIDevice & moby.buildkit.v1.types.CDIDevice.$Shape;
                    static create(properties?: moby.buildkit.v1.types.CDIDevice.$Properties): moby.buildkit.v1.types.CDIDevice;

                    /**
                     * Encodes the specified CDIDevice message. Does not implicitly {@link moby.buildkit.v1.types.CDIDevice.verify|verify} messages.
                     * @param message CDIDevice message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: moby.buildkit.v1.types.CDIDevice.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a CDIDevice message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {moby.buildkit.v1.types.CDIDevice & moby.buildkit.v1.types.CDIDevice.$Shape} CDIDevice
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): moby.buildkit.v1.types.CDIDevice & moby.buildkit.v1.types.CDIDevice.$Shape;
                }

                namespace CDIDevice {

                    /** Properties of a CDIDevice. */
                    interface $Properties {

                        /** CDIDevice Name */
                        Name?: (string|null);

                        /** CDIDevice AutoAllow */
                        AutoAllow?: (boolean|null);

                        /** CDIDevice Annotations */
                        Annotations?: ({ [k: string]: string }|null);

                        /** CDIDevice OnDemand */
                        OnDemand?: (boolean|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a CDIDevice. */
                    type $Shape = moby.buildkit.v1.types.CDIDevice.$Properties;
                }
            }
        }
    }
}

/** Namespace pb. */
export namespace pb {

    /**
     * Properties of a Definition.
     * @deprecated Use pb.Definition.$Properties instead.
     */
    interface IDefinition extends pb.Definition.$Properties {
    }

    /** Represents a Definition. */
    class Definition {

        /**
         * Constructs a new Definition.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.Definition.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Definition def. */
        def: Uint8Array[];

        /** Definition metadata. */
        metadata: { [k: string]: pb.OpMetadata.$Properties };

        /** Definition Source. */
        Source?: (pb.Source.$Properties|null);

        /**
         * Creates a new Definition instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Definition instance
         */
        static create(properties: pb.Definition.$Shape): pb.Definition & pb.Definition.$Shape;
        static create(properties?: pb.Definition.$Properties): pb.Definition;

        /**
         * Encodes the specified Definition message. Does not implicitly {@link pb.Definition.verify|verify} messages.
         * @param message Definition message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.Definition.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Definition message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.Definition & pb.Definition.$Shape} Definition
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.Definition & pb.Definition.$Shape;
    }

    namespace Definition {

        /** Properties of a Definition. */
        interface $Properties {

            /** Definition def */
            def?: (Uint8Array[]|null);

            /** Definition metadata */
            metadata?: ({ [k: string]: pb.OpMetadata.$Properties }|null);

            /** Definition Source */
            Source?: (pb.Source.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Definition. */
        type $Shape = pb.Definition.$Properties;
    }

    /**
     * Properties of an OpMetadata.
     * @deprecated Use pb.OpMetadata.$Properties instead.
     */
    interface IOpMetadata extends pb.OpMetadata.$Properties {
    }

    /** Represents an OpMetadata. */
    class OpMetadata {

        /**
         * Constructs a new OpMetadata.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.OpMetadata.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** OpMetadata ignore_cache. */
        ignore_cache: boolean;

        /** OpMetadata description. */
        description: { [k: string]: string };

        /** OpMetadata export_cache. */
        export_cache?: (pb.ExportCache.$Properties|null);

        /** OpMetadata caps. */
        caps: { [k: string]: boolean };

        /** OpMetadata progress_group. */
        progress_group?: (pb.ProgressGroup.$Properties|null);

        /** OpMetadata linux_resources. */
        linux_resources?: (pb.LinuxResources.$Properties|null);

        /**
         * Creates a new OpMetadata instance using the specified properties.
         * @param [properties] Properties to set
         * @returns OpMetadata instance
         */
        static create(properties: pb.OpMetadata.$Shape): pb.OpMetadata & pb.OpMetadata.$Shape;
        static create(properties?: pb.OpMetadata.$Properties): pb.OpMetadata;

        /**
         * Encodes the specified OpMetadata message. Does not implicitly {@link pb.OpMetadata.verify|verify} messages.
         * @param message OpMetadata message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.OpMetadata.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an OpMetadata message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.OpMetadata & pb.OpMetadata.$Shape} OpMetadata
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.OpMetadata & pb.OpMetadata.$Shape;
    }

    namespace OpMetadata {

        /** Properties of an OpMetadata. */
        interface $Properties {

            /** OpMetadata ignore_cache */
            ignore_cache?: (boolean|null);

            /** OpMetadata description */
            description?: ({ [k: string]: string }|null);

            /** OpMetadata export_cache */
            export_cache?: (pb.ExportCache.$Properties|null);

            /** OpMetadata caps */
            caps?: ({ [k: string]: boolean }|null);

            /** OpMetadata progress_group */
            progress_group?: (pb.ProgressGroup.$Properties|null);

            /** OpMetadata linux_resources */
            linux_resources?: (pb.LinuxResources.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an OpMetadata. */
        type $Shape = pb.OpMetadata.$Properties;
    }

    /**
     * Properties of an ExportCache.
     * @deprecated Use pb.ExportCache.$Properties instead.
     */
    interface IExportCache extends pb.ExportCache.$Properties {
    }

    /** Represents an ExportCache. */
    class ExportCache {

        /**
         * Constructs a new ExportCache.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.ExportCache.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ExportCache Value. */
        Value: boolean;

        /**
         * Creates a new ExportCache instance using the specified properties.
         * @param [properties] Properties to set
         * @returns ExportCache instance
         */
        static create(properties: pb.ExportCache.$Shape): pb.ExportCache & pb.ExportCache.$Shape;
        static create(properties?: pb.ExportCache.$Properties): pb.ExportCache;

        /**
         * Encodes the specified ExportCache message. Does not implicitly {@link pb.ExportCache.verify|verify} messages.
         * @param message ExportCache message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.ExportCache.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an ExportCache message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.ExportCache & pb.ExportCache.$Shape} ExportCache
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.ExportCache & pb.ExportCache.$Shape;
    }

    namespace ExportCache {

        /** Properties of an ExportCache. */
        interface $Properties {

            /** ExportCache Value */
            Value?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an ExportCache. */
        type $Shape = pb.ExportCache.$Properties;
    }

    /**
     * Properties of a ProgressGroup.
     * @deprecated Use pb.ProgressGroup.$Properties instead.
     */
    interface IProgressGroup extends pb.ProgressGroup.$Properties {
    }

    /** Represents a ProgressGroup. */
    class ProgressGroup {

        /**
         * Constructs a new ProgressGroup.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.ProgressGroup.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ProgressGroup id. */
        id: string;

        /** ProgressGroup name. */
        name: string;

        /** ProgressGroup weak. */
        weak: boolean;

        /**
         * Creates a new ProgressGroup instance using the specified properties.
         * @param [properties] Properties to set
         * @returns ProgressGroup instance
         */
        static create(properties: pb.ProgressGroup.$Shape): pb.ProgressGroup & pb.ProgressGroup.$Shape;
        static create(properties?: pb.ProgressGroup.$Properties): pb.ProgressGroup;

        /**
         * Encodes the specified ProgressGroup message. Does not implicitly {@link pb.ProgressGroup.verify|verify} messages.
         * @param message ProgressGroup message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.ProgressGroup.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ProgressGroup message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.ProgressGroup & pb.ProgressGroup.$Shape} ProgressGroup
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.ProgressGroup & pb.ProgressGroup.$Shape;
    }

    namespace ProgressGroup {

        /** Properties of a ProgressGroup. */
        interface $Properties {

            /** ProgressGroup id */
            id?: (string|null);

            /** ProgressGroup name */
            name?: (string|null);

            /** ProgressGroup weak */
            weak?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ProgressGroup. */
        type $Shape = pb.ProgressGroup.$Properties;
    }

    /**
     * Properties of a LinuxResources.
     * @deprecated Use pb.LinuxResources.$Properties instead.
     */
    interface ILinuxResources extends pb.LinuxResources.$Properties {
    }

    /** Represents a LinuxResources. */
    class LinuxResources {

        /**
         * Constructs a new LinuxResources.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.LinuxResources.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** LinuxResources memory. */
        memory: (number|Long);

        /** LinuxResources memorySwap. */
        memorySwap: (number|Long);

        /** LinuxResources cpuShares. */
        cpuShares: (number|Long);

        /** LinuxResources cpuPeriod. */
        cpuPeriod: (number|Long);

        /** LinuxResources cpuQuota. */
        cpuQuota: (number|Long);

        /** LinuxResources cpusetCpus. */
        cpusetCpus: string;

        /** LinuxResources cpusetMems. */
        cpusetMems: string;

        /**
         * Creates a new LinuxResources instance using the specified properties.
         * @param [properties] Properties to set
         * @returns LinuxResources instance
         */
        static create(properties: pb.LinuxResources.$Shape): pb.LinuxResources & pb.LinuxResources.$Shape;
        static create(properties?: pb.LinuxResources.$Properties): pb.LinuxResources;

        /**
         * Encodes the specified LinuxResources message. Does not implicitly {@link pb.LinuxResources.verify|verify} messages.
         * @param message LinuxResources message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.LinuxResources.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a LinuxResources message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.LinuxResources & pb.LinuxResources.$Shape} LinuxResources
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.LinuxResources & pb.LinuxResources.$Shape;
    }

    namespace LinuxResources {

        /** Properties of a LinuxResources. */
        interface $Properties {

            /** LinuxResources memory */
            memory?: (number|Long|null);

            /** LinuxResources memorySwap */
            memorySwap?: (number|Long|null);

            /** LinuxResources cpuShares */
            cpuShares?: (number|Long|null);

            /** LinuxResources cpuPeriod */
            cpuPeriod?: (number|Long|null);

            /** LinuxResources cpuQuota */
            cpuQuota?: (number|Long|null);

            /** LinuxResources cpusetCpus */
            cpusetCpus?: (string|null);

            /** LinuxResources cpusetMems */
            cpusetMems?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a LinuxResources. */
        type $Shape = pb.LinuxResources.$Properties;
    }

    /**
     * Properties of a Source.
     * @deprecated Use pb.Source.$Properties instead.
     */
    interface ISource extends pb.Source.$Properties {
    }

    /** Represents a Source. */
    class Source {

        /**
         * Constructs a new Source.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.Source.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Source locations. */
        locations: { [k: string]: pb.Locations.$Properties };

        /** Source infos. */
        infos: pb.SourceInfo.$Properties[];

        /**
         * Creates a new Source instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Source instance
         */
        static create(properties: pb.Source.$Shape): pb.Source & pb.Source.$Shape;
        static create(properties?: pb.Source.$Properties): pb.Source;

        /**
         * Encodes the specified Source message. Does not implicitly {@link pb.Source.verify|verify} messages.
         * @param message Source message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.Source.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Source message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.Source & pb.Source.$Shape} Source
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.Source & pb.Source.$Shape;
    }

    namespace Source {

        /** Properties of a Source. */
        interface $Properties {

            /** Source locations */
            locations?: ({ [k: string]: pb.Locations.$Properties }|null);

            /** Source infos */
            infos?: (pb.SourceInfo.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Source. */
        type $Shape = pb.Source.$Properties;
    }

    /**
     * Properties of a Locations.
     * @deprecated Use pb.Locations.$Properties instead.
     */
    interface ILocations extends pb.Locations.$Properties {
    }

    /** Represents a Locations. */
    class Locations {

        /**
         * Constructs a new Locations.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.Locations.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Locations locations. */
        locations: pb.Location.$Properties[];

        /**
         * Creates a new Locations instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Locations instance
         */
        static create(properties: pb.Locations.$Shape): pb.Locations & pb.Locations.$Shape;
        static create(properties?: pb.Locations.$Properties): pb.Locations;

        /**
         * Encodes the specified Locations message. Does not implicitly {@link pb.Locations.verify|verify} messages.
         * @param message Locations message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.Locations.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Locations message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.Locations & pb.Locations.$Shape} Locations
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.Locations & pb.Locations.$Shape;
    }

    namespace Locations {

        /** Properties of a Locations. */
        interface $Properties {

            /** Locations locations */
            locations?: (pb.Location.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Locations. */
        type $Shape = pb.Locations.$Properties;
    }

    /**
     * Properties of a Location.
     * @deprecated Use pb.Location.$Properties instead.
     */
    interface ILocation extends pb.Location.$Properties {
    }

    /** Represents a Location. */
    class Location {

        /**
         * Constructs a new Location.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.Location.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Location sourceIndex. */
        sourceIndex: number;

        /** Location ranges. */
        ranges: pb.Range.$Properties[];

        /**
         * Creates a new Location instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Location instance
         */
        static create(properties: pb.Location.$Shape): pb.Location & pb.Location.$Shape;
        static create(properties?: pb.Location.$Properties): pb.Location;

        /**
         * Encodes the specified Location message. Does not implicitly {@link pb.Location.verify|verify} messages.
         * @param message Location message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.Location.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Location message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.Location & pb.Location.$Shape} Location
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.Location & pb.Location.$Shape;
    }

    namespace Location {

        /** Properties of a Location. */
        interface $Properties {

            /** Location sourceIndex */
            sourceIndex?: (number|null);

            /** Location ranges */
            ranges?: (pb.Range.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Location. */
        type $Shape = pb.Location.$Properties;
    }

    /**
     * Properties of a SourceInfo.
     * @deprecated Use pb.SourceInfo.$Properties instead.
     */
    interface ISourceInfo extends pb.SourceInfo.$Properties {
    }

    /** Represents a SourceInfo. */
    class SourceInfo {

        /**
         * Constructs a new SourceInfo.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.SourceInfo.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SourceInfo filename. */
        filename: string;

        /** SourceInfo data. */
        data: Uint8Array;

        /** SourceInfo definition. */
        definition?: (pb.Definition.$Properties|null);

        /** SourceInfo language. */
        language: string;

        /**
         * Creates a new SourceInfo instance using the specified properties.
         * @param [properties] Properties to set
         * @returns SourceInfo instance
         */
        static create(properties: pb.SourceInfo.$Shape): pb.SourceInfo & pb.SourceInfo.$Shape;
        static create(properties?: pb.SourceInfo.$Properties): pb.SourceInfo;

        /**
         * Encodes the specified SourceInfo message. Does not implicitly {@link pb.SourceInfo.verify|verify} messages.
         * @param message SourceInfo message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.SourceInfo.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SourceInfo message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.SourceInfo & pb.SourceInfo.$Shape} SourceInfo
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.SourceInfo & pb.SourceInfo.$Shape;
    }

    namespace SourceInfo {

        /** Properties of a SourceInfo. */
        interface $Properties {

            /** SourceInfo filename */
            filename?: (string|null);

            /** SourceInfo data */
            data?: (Uint8Array|null);

            /** SourceInfo definition */
            definition?: (pb.Definition.$Properties|null);

            /** SourceInfo language */
            language?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SourceInfo. */
        type $Shape = pb.SourceInfo.$Properties;
    }

    /**
     * Properties of a Range.
     * @deprecated Use pb.Range.$Properties instead.
     */
    interface IRange extends pb.Range.$Properties {
    }

    /** Represents a Range. */
    class Range {

        /**
         * Constructs a new Range.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.Range.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Range start. */
        start?: (pb.Position.$Properties|null);

        /** Range end. */
        end?: (pb.Position.$Properties|null);

        /**
         * Creates a new Range instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Range instance
         */
        static create(properties: pb.Range.$Shape): pb.Range & pb.Range.$Shape;
        static create(properties?: pb.Range.$Properties): pb.Range;

        /**
         * Encodes the specified Range message. Does not implicitly {@link pb.Range.verify|verify} messages.
         * @param message Range message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.Range.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Range message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.Range & pb.Range.$Shape} Range
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.Range & pb.Range.$Shape;
    }

    namespace Range {

        /** Properties of a Range. */
        interface $Properties {

            /** Range start */
            start?: (pb.Position.$Properties|null);

            /** Range end */
            end?: (pb.Position.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Range. */
        type $Shape = pb.Range.$Properties;
    }

    /**
     * Properties of a Position.
     * @deprecated Use pb.Position.$Properties instead.
     */
    interface IPosition extends pb.Position.$Properties {
    }

    /** Represents a Position. */
    class Position {

        /**
         * Constructs a new Position.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.Position.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Position line. */
        line: number;

        /** Position character. */
        character: number;

        /**
         * Creates a new Position instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Position instance
         */
        static create(properties: pb.Position.$Shape): pb.Position & pb.Position.$Shape;
        static create(properties?: pb.Position.$Properties): pb.Position;

        /**
         * Encodes the specified Position message. Does not implicitly {@link pb.Position.verify|verify} messages.
         * @param message Position message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.Position.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Position message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.Position & pb.Position.$Shape} Position
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.Position & pb.Position.$Shape;
    }

    namespace Position {

        /** Properties of a Position. */
        interface $Properties {

            /** Position line */
            line?: (number|null);

            /** Position character */
            character?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Position. */
        type $Shape = pb.Position.$Properties;
    }

    /**
     * Properties of a Platform.
     * @deprecated Use pb.Platform.$Properties instead.
     */
    interface IPlatform extends pb.Platform.$Properties {
    }

    /** Represents a Platform. */
    class Platform {

        /**
         * Constructs a new Platform.
         * @param [properties] Properties to set
         */
        constructor(properties?: pb.Platform.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Platform Architecture. */
        Architecture: string;

        /** Platform OS. */
        OS: string;

        /** Platform Variant. */
        Variant: string;

        /** Platform OSVersion. */
        OSVersion: string;

        /** Platform OSFeatures. */
        OSFeatures: string[];

        /**
         * Creates a new Platform instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Platform instance
         */
        static create(properties: pb.Platform.$Shape): pb.Platform & pb.Platform.$Shape;
        static create(properties?: pb.Platform.$Properties): pb.Platform;

        /**
         * Encodes the specified Platform message. Does not implicitly {@link pb.Platform.verify|verify} messages.
         * @param message Platform message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: pb.Platform.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Platform message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {pb.Platform & pb.Platform.$Shape} Platform
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): pb.Platform & pb.Platform.$Shape;
    }

    namespace Platform {

        /** Properties of a Platform. */
        interface $Properties {

            /** Platform Architecture */
            Architecture?: (string|null);

            /** Platform OS */
            OS?: (string|null);

            /** Platform Variant */
            Variant?: (string|null);

            /** Platform OSVersion */
            OSVersion?: (string|null);

            /** Platform OSFeatures */
            OSFeatures?: (string[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Platform. */
        type $Shape = pb.Platform.$Properties;
    }
}

/** Namespace google. */
export namespace google {

    /** Namespace protobuf. */
    namespace protobuf {

        /**
         * Properties of a Timestamp.
         * @deprecated Use google.protobuf.Timestamp.$Properties instead.
         */
        interface ITimestamp extends google.protobuf.Timestamp.$Properties {
        }

        /** Represents a Timestamp. */
        class Timestamp {

            /**
             * Constructs a new Timestamp.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.protobuf.Timestamp.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Timestamp seconds. */
            seconds: (number|Long);

            /** Timestamp nanos. */
            nanos: number;

            /**
             * Creates a new Timestamp instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Timestamp instance
             */
            static create(properties: google.protobuf.Timestamp.$Shape): google.protobuf.Timestamp & google.protobuf.Timestamp.$Shape;
            static create(properties?: google.protobuf.Timestamp.$Properties): google.protobuf.Timestamp;

            /**
             * Encodes the specified Timestamp message. Does not implicitly {@link google.protobuf.Timestamp.verify|verify} messages.
             * @param message Timestamp message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.protobuf.Timestamp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Timestamp message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {google.protobuf.Timestamp & google.protobuf.Timestamp.$Shape} Timestamp
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): google.protobuf.Timestamp & google.protobuf.Timestamp.$Shape;
        }

        namespace Timestamp {

            /** Properties of a Timestamp. */
            interface $Properties {

                /** Timestamp seconds */
                seconds?: (number|Long|null);

                /** Timestamp nanos */
                nanos?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Timestamp. */
            type $Shape = google.protobuf.Timestamp.$Properties;
        }

        /**
         * Properties of an Any.
         * @deprecated Use google.protobuf.Any.$Properties instead.
         */
        interface IAny extends google.protobuf.Any.$Properties {
        }

        /** Represents an Any. */
        class Any {

            /**
             * Constructs a new Any.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.protobuf.Any.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Any type_url. */
            type_url: string;

            /** Any value. */
            value: Uint8Array;

            /**
             * Creates a new Any instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Any instance
             */
            static create(properties: google.protobuf.Any.$Shape): google.protobuf.Any & google.protobuf.Any.$Shape;
            static create(properties?: google.protobuf.Any.$Properties): google.protobuf.Any;

            /**
             * Encodes the specified Any message. Does not implicitly {@link google.protobuf.Any.verify|verify} messages.
             * @param message Any message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.protobuf.Any.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Any message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {google.protobuf.Any & google.protobuf.Any.$Shape} Any
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): google.protobuf.Any & google.protobuf.Any.$Shape;
        }

        namespace Any {

            /** Properties of an Any. */
            interface $Properties {

                /** Any type_url */
                type_url?: (string|null);

                /** Any value */
                value?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Any. */
            type $Shape = google.protobuf.Any.$Properties;
        }
    }

    /** Namespace rpc. */
    namespace rpc {

        /**
         * Properties of a Status.
         * @deprecated Use google.rpc.Status.$Properties instead.
         */
        interface IStatus extends google.rpc.Status.$Properties {
        }

        /** Represents a Status. */
        class Status {

            /**
             * Constructs a new Status.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.rpc.Status.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Status code. */
            code: number;

            /** Status message. */
            message: string;

            /** Status details. */
            details: google.protobuf.Any.$Properties[];

            /**
             * Creates a new Status instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Status instance
             */
            static create(properties: google.rpc.Status.$Shape): google.rpc.Status & google.rpc.Status.$Shape;
            static create(properties?: google.rpc.Status.$Properties): google.rpc.Status;

            /**
             * Encodes the specified Status message. Does not implicitly {@link google.rpc.Status.verify|verify} messages.
             * @param message Status message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.rpc.Status.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Status message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {google.rpc.Status & google.rpc.Status.$Shape} Status
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): google.rpc.Status & google.rpc.Status.$Shape;
        }

        namespace Status {

            /** Properties of a Status. */
            interface $Properties {

                /** Status code */
                code?: (number|null);

                /** Status message */
                message?: (string|null);

                /** Status details */
                details?: (google.protobuf.Any.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Status. */
            type $Shape = google.rpc.Status.$Properties;
        }
    }
}

/** Namespace fsutil. */
export namespace fsutil {

    /** Namespace types. */
    namespace types {

        /**
         * Properties of a Stat.
         * @deprecated Use fsutil.types.Stat.$Properties instead.
         */
        interface IStat extends fsutil.types.Stat.$Properties {
        }

        /** Represents a Stat. */
        class Stat {

            /**
             * Constructs a new Stat.
             * @param [properties] Properties to set
             */
            constructor(properties?: fsutil.types.Stat.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Stat path. */
            path: string;

            /** Stat mode. */
            mode: number;

            /** Stat uid. */
            uid: number;

            /** Stat gid. */
            gid: number;

            /** Stat size. */
            size: (number|Long);

            /** Stat modTime. */
            modTime: (number|Long);

            /** Stat linkname. */
            linkname: string;

            /** Stat devmajor. */
            devmajor: (number|Long);

            /** Stat devminor. */
            devminor: (number|Long);

            /** Stat xattrs. */
            xattrs: { [k: string]: Uint8Array };

            /**
             * Creates a new Stat instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Stat instance
             */
            static create(properties: fsutil.types.Stat.$Shape): fsutil.types.Stat & fsutil.types.Stat.$Shape;
            static create(properties?: fsutil.types.Stat.$Properties): fsutil.types.Stat;

            /**
             * Encodes the specified Stat message. Does not implicitly {@link fsutil.types.Stat.verify|verify} messages.
             * @param message Stat message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: fsutil.types.Stat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Stat message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {fsutil.types.Stat & fsutil.types.Stat.$Shape} Stat
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fsutil.types.Stat & fsutil.types.Stat.$Shape;
        }

        namespace Stat {

            /** Properties of a Stat. */
            interface $Properties {

                /** Stat path */
                path?: (string|null);

                /** Stat mode */
                mode?: (number|null);

                /** Stat uid */
                uid?: (number|null);

                /** Stat gid */
                gid?: (number|null);

                /** Stat size */
                size?: (number|Long|null);

                /** Stat modTime */
                modTime?: (number|Long|null);

                /** Stat linkname */
                linkname?: (string|null);

                /** Stat devmajor */
                devmajor?: (number|Long|null);

                /** Stat devminor */
                devminor?: (number|Long|null);

                /** Stat xattrs */
                xattrs?: ({ [k: string]: Uint8Array }|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Stat. */
            type $Shape = fsutil.types.Stat.$Properties;
        }

        /**
         * Properties of a Packet.
         * @deprecated Use fsutil.types.Packet.$Properties instead.
         */
        interface IPacket extends fsutil.types.Packet.$Properties {
        }

        /** Represents a Packet. */
        class Packet {

            /**
             * Constructs a new Packet.
             * @param [properties] Properties to set
             */
            constructor(properties?: fsutil.types.Packet.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Packet type. */
            type: fsutil.types.Packet.PacketType;

            /** Packet stat. */
            stat?: (fsutil.types.Stat.$Properties|null);

            /** Packet ID. */
            ID: number;

            /** Packet data. */
            data: Uint8Array;

            /**
             * Creates a new Packet instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Packet instance
             */
            static create(properties: fsutil.types.Packet.$Shape): fsutil.types.Packet & fsutil.types.Packet.$Shape;
            static create(properties?: fsutil.types.Packet.$Properties): fsutil.types.Packet;

            /**
             * Encodes the specified Packet message. Does not implicitly {@link fsutil.types.Packet.verify|verify} messages.
             * @param message Packet message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: fsutil.types.Packet.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Packet message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {fsutil.types.Packet & fsutil.types.Packet.$Shape} Packet
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fsutil.types.Packet & fsutil.types.Packet.$Shape;
        }

        namespace Packet {

            /** Properties of a Packet. */
            interface $Properties {

                /** Packet type */
                type?: (fsutil.types.Packet.PacketType|null);

                /** Packet stat */
                stat?: (fsutil.types.Stat.$Properties|null);

                /** Packet ID */
                ID?: (number|null);

                /** Packet data */
                data?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Packet. */
            type $Shape = fsutil.types.Packet.$Properties;

            /** PacketType enum. */
            enum PacketType {

                /** PACKET_STAT value */
                PACKET_STAT = 0,

                /** PACKET_REQ value */
                PACKET_REQ = 1,

                /** PACKET_DATA value */
                PACKET_DATA = 2,

                /** PACKET_FIN value */
                PACKET_FIN = 3,

                /** PACKET_ERR value */
                PACKET_ERR = 4
            }
        }
    }
}

/** Namespace containerd. */
export namespace containerd {

    /** Namespace services. */
    namespace services {

        /** Namespace content. */
        namespace content {

            /** Namespace v1. */
            namespace v1 {

                /**
                 * Properties of a ReadContentRequest.
                 * @deprecated Use containerd.services.content.v1.ReadContentRequest.$Properties instead.
                 */
                interface IReadContentRequest extends containerd.services.content.v1.ReadContentRequest.$Properties {
                }

                /** Represents a ReadContentRequest. */
                class ReadContentRequest {

                    /**
                     * Constructs a new ReadContentRequest.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: containerd.services.content.v1.ReadContentRequest.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** ReadContentRequest digest. */
                    digest: string;

                    /** ReadContentRequest offset. */
                    offset: (number|Long);

                    /** ReadContentRequest size. */
                    size: (number|Long);

                    /**
                     * Creates a new ReadContentRequest instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns ReadContentRequest instance
                     */
                    static create(properties: containerd.services.content.v1.ReadContentRequest.$Shape): containerd.services.content.v1.ReadContentRequest & containerd.services.content.v1.ReadContentRequest.$Shape;
                    static create(properties?: containerd.services.content.v1.ReadContentRequest.$Properties): containerd.services.content.v1.ReadContentRequest;

                    /**
                     * Encodes the specified ReadContentRequest message. Does not implicitly {@link containerd.services.content.v1.ReadContentRequest.verify|verify} messages.
                     * @param message ReadContentRequest message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: containerd.services.content.v1.ReadContentRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a ReadContentRequest message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {containerd.services.content.v1.ReadContentRequest & containerd.services.content.v1.ReadContentRequest.$Shape} ReadContentRequest
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): containerd.services.content.v1.ReadContentRequest & containerd.services.content.v1.ReadContentRequest.$Shape;
                }

                namespace ReadContentRequest {

                    /** Properties of a ReadContentRequest. */
                    interface $Properties {

                        /** ReadContentRequest digest */
                        digest?: (string|null);

                        /** ReadContentRequest offset */
                        offset?: (number|Long|null);

                        /** ReadContentRequest size */
                        size?: (number|Long|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a ReadContentRequest. */
                    type $Shape = containerd.services.content.v1.ReadContentRequest.$Properties;
                }

                /**
                 * Properties of a ReadContentResponse.
                 * @deprecated Use containerd.services.content.v1.ReadContentResponse.$Properties instead.
                 */
                interface IReadContentResponse extends containerd.services.content.v1.ReadContentResponse.$Properties {
                }

                /** Represents a ReadContentResponse. */
                class ReadContentResponse {

                    /**
                     * Constructs a new ReadContentResponse.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: containerd.services.content.v1.ReadContentResponse.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** ReadContentResponse offset. */
                    offset: (number|Long);

                    /** ReadContentResponse data. */
                    data: Uint8Array;

                    /**
                     * Creates a new ReadContentResponse instance using the specified properties.
                     * @param [properties] Properties to set
                     * @returns ReadContentResponse instance
                     */
                    static create(properties: containerd.services.content.v1.ReadContentResponse.$Shape): containerd.services.content.v1.ReadContentResponse & containerd.services.content.v1.ReadContentResponse.$Shape;
                    static create(properties?: containerd.services.content.v1.ReadContentResponse.$Properties): containerd.services.content.v1.ReadContentResponse;

                    /**
                     * Encodes the specified ReadContentResponse message. Does not implicitly {@link containerd.services.content.v1.ReadContentResponse.verify|verify} messages.
                     * @param message ReadContentResponse message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: containerd.services.content.v1.ReadContentResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a ReadContentResponse message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {containerd.services.content.v1.ReadContentResponse & containerd.services.content.v1.ReadContentResponse.$Shape} ReadContentResponse
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): containerd.services.content.v1.ReadContentResponse & containerd.services.content.v1.ReadContentResponse.$Shape;
                }

                namespace ReadContentResponse {

                    /** Properties of a ReadContentResponse. */
                    interface $Properties {

                        /** ReadContentResponse offset */
                        offset?: (number|Long|null);

                        /** ReadContentResponse data */
                        data?: (Uint8Array|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a ReadContentResponse. */
                    type $Shape = containerd.services.content.v1.ReadContentResponse.$Properties;
                }
            }
        }
    }
}

/** Namespace grpc. */
export namespace grpc {

    /** Namespace health. */
    namespace health {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a HealthCheckRequest.
             * @deprecated Use grpc.health.v1.HealthCheckRequest.$Properties instead.
             */
            interface IHealthCheckRequest extends grpc.health.v1.HealthCheckRequest.$Properties {
            }

            /** Represents a HealthCheckRequest. */
            class HealthCheckRequest {

                /**
                 * Constructs a new HealthCheckRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.health.v1.HealthCheckRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HealthCheckRequest service. */
                service: string;

                /**
                 * Creates a new HealthCheckRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns HealthCheckRequest instance
                 */
                static create(properties: grpc.health.v1.HealthCheckRequest.$Shape): grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape;
                static create(properties?: grpc.health.v1.HealthCheckRequest.$Properties): grpc.health.v1.HealthCheckRequest;

                /**
                 * Encodes the specified HealthCheckRequest message. Does not implicitly {@link grpc.health.v1.HealthCheckRequest.verify|verify} messages.
                 * @param message HealthCheckRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.health.v1.HealthCheckRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HealthCheckRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape} HealthCheckRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape;
            }

            namespace HealthCheckRequest {

                /** Properties of a HealthCheckRequest. */
                interface $Properties {

                    /** HealthCheckRequest service */
                    service?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HealthCheckRequest. */
                type $Shape = grpc.health.v1.HealthCheckRequest.$Properties;
            }

            /**
             * Properties of a HealthCheckResponse.
             * @deprecated Use grpc.health.v1.HealthCheckResponse.$Properties instead.
             */
            interface IHealthCheckResponse extends grpc.health.v1.HealthCheckResponse.$Properties {
            }

            /** Represents a HealthCheckResponse. */
            class HealthCheckResponse {

                /**
                 * Constructs a new HealthCheckResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.health.v1.HealthCheckResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HealthCheckResponse status. */
                status: grpc.health.v1.HealthCheckResponse.ServingStatus;

                /**
                 * Creates a new HealthCheckResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns HealthCheckResponse instance
                 */
                static create(properties: grpc.health.v1.HealthCheckResponse.$Shape): grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape;
                static create(properties?: grpc.health.v1.HealthCheckResponse.$Properties): grpc.health.v1.HealthCheckResponse;

                /**
                 * Encodes the specified HealthCheckResponse message. Does not implicitly {@link grpc.health.v1.HealthCheckResponse.verify|verify} messages.
                 * @param message HealthCheckResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.health.v1.HealthCheckResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HealthCheckResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape} HealthCheckResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape;
            }

            namespace HealthCheckResponse {

                /** Properties of a HealthCheckResponse. */
                interface $Properties {

                    /** HealthCheckResponse status */
                    status?: (grpc.health.v1.HealthCheckResponse.ServingStatus|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HealthCheckResponse. */
                type $Shape = grpc.health.v1.HealthCheckResponse.$Properties;

                /** ServingStatus enum. */
                enum ServingStatus {

                    /** UNKNOWN value */
                    UNKNOWN = 0,

                    /** SERVING value */
                    SERVING = 1,

                    /** NOT_SERVING value */
                    NOT_SERVING = 2,

                    /** SERVICE_UNKNOWN value */
                    SERVICE_UNKNOWN = 3
                }
            }
        }
    }
}
